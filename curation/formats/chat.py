"""A line of a file for fine-tuning, as OpenAI has it."""

from typing import Any

from curation.formats.learned import Learned


def record(one: Learned) -> dict[str, Any]:
    return {"messages": [*one.messages, {"role": "assistant", "content": one.said}]}
