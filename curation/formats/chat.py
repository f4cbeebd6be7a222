"""A line of a file for fine-tuning, as OpenAI has it."""

from typing import Any

from curation.chats import conversation
from curation.formats.learned import Learned


def record(one: Learned) -> dict[str, Any]:
    return conversation(one.messages, one.said)
