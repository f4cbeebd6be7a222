"""An example as the conversation that a model learns from. Pure."""

from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]


def messages_of(request: Mapping[str, Any]) -> list[Message]:
    """What was asked, as chat messages, whichever endpoint it was asked at."""
    if isinstance(request.get("messages"), list):
        return [message for message in request["messages"] if isinstance(message, dict)]
    instructions = request.get("instructions")
    before = [{"role": "system", "content": instructions}] if isinstance(instructions, str) else []
    asked = request.get("input", request.get("prompt", ""))
    if isinstance(asked, list) and all(isinstance(message, dict) for message in asked):
        return [*before, *asked]
    return [*before, {"role": "user", "content": asked if isinstance(asked, str) else str(asked)}]


def conversation(request: Mapping[str, Any], output: str) -> dict[str, Any]:
    """A line of a file for fine-tuning, as OpenAI has it."""
    return {"messages": [*messages_of(request), {"role": "assistant", "content": output}]}
