"""Two answers to the same, and which of them is the better one, as OpenAI's preference fine-tuning (DPO) has it."""

from typing import Any

from curation.formats.learned import Learned


def record(one: Learned) -> dict[str, Any] | None:
    """None where nobody has said of two answers which is better."""
    if one.worse is None:
        return None
    return {
        "input": {"messages": list(one.messages)},
        "preferred_output": [{"role": "assistant", "content": one.said}],
        "non_preferred_output": [{"role": "assistant", "content": one.worse.text}],
    }
