"""A prompt and what is to follow it, for trainers that know no chats."""

from typing import Any

from curation.chats import prompt_of
from curation.formats.learned import Learned


def record(one: Learned) -> dict[str, Any]:
    return {"prompt": prompt_of(one.messages), "completion": one.said}
