"""Requests as the conversations that models learn from. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from curation.wording import text_of

Message = dict[str, Any]

SYSTEM: Final = "system"
# `developer` is what newer models call it.
ROLES: Final = {"developer": SYSTEM, SYSTEM: SYSTEM, "user": "user", "assistant": "assistant", "tool": "tool"}
# What fine-tuning takes beside the role and the content, and refuses where it is null.
KEPT: Final = {"name": str, "tool_calls": list, "tool_call_id": str}


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


def taught(message: Mapping[str, Any]) -> Message:
    """A message as fine-tuning takes it: a role that it knows, text as one string, and nothing that it would refuse."""
    content = message.get("content")
    role = ROLES.get(str(message.get("role")), "user")
    kept = {name: message[name] for name, kind in KEPT.items() if isinstance(message.get(name), kind)}
    return {"role": role, "content": content if _has_pictures(content) else text_of(content)} | kept


def question_of(request: Mapping[str, Any]) -> list[Message]:
    """All that was asked, as fine-tuning takes it."""
    return [taught(message) for message in messages_of(request)]


def conversation(question: Sequence[Message], said: str) -> dict[str, Any]:
    """A line of a file for fine-tuning, as OpenAI has it."""
    return {"messages": [*question, {"role": "assistant", "content": said}]}


def with_system(messages: Sequence[Message], prompt: str | None) -> list[Message]:
    """With another system prompt; with none where it is empty; as they are where it is None."""
    if prompt is None:
        return list(messages)
    rest = [message for message in messages if message["role"] != SYSTEM]
    return [{"role": SYSTEM, "content": prompt}, *rest] if prompt else rest


def prompt_of(messages: Sequence[Message]) -> str:
    """A conversation as one text. A question by itself stands as it is."""
    if len(messages) == 1:
        return text_of(messages[0]["content"])
    return "\n\n".join(f"{message['role'].capitalize()}: {text_of(message['content'])}" for message in messages)


def _has_pictures(content: object) -> bool:
    """Anything that text alone would lose."""
    return isinstance(content, list) and any(isinstance(part, dict) and not text_of(part) for part in content)
