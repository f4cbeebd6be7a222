"""What a file to fine-tune on must be, by OpenAI's published rules."""

import json
from collections.abc import Iterator
from typing import Any

ROLES = {"system", "user", "assistant", "tool"}
KEYS = {"role", "content", "name", "weight", "tool_calls", "tool_call_id"}
FEWEST = 10


def faults_of_chats(content: bytes) -> list[str]:
    """Of a file for supervised fine-tuning."""
    return list(_faults(content, _faults_of_chat))


def faults_of_preferences(content: bytes) -> list[str]:
    """Of a file for direct preference optimisation."""
    return list(_faults(content, _faults_of_preference))


def _faults(content: bytes, check: Any) -> Iterator[str]:
    lines = content.decode("utf-8").splitlines()
    if len(lines) < FEWEST:
        yield f"{len(lines)} lines"
    for number, line in enumerate(lines, 1):
        for fault in check(json.loads(line)):
            yield f"line {number}: {fault}"


def _faults_of_chat(line: Any) -> Iterator[str]:
    if not isinstance(line, dict) or set(line) - {"messages", "tools", "parallel_tool_calls"}:
        yield "unknown keys"
        return
    messages = line.get("messages")
    yield from _faults_of_messages(messages)
    if not any(message.get("role") == "assistant" for message in messages or []):
        yield "no assistant"


def _faults_of_preference(line: Any) -> Iterator[str]:
    if set(line) != {"input", "preferred_output", "non_preferred_output"}:
        yield "unknown keys"
        return
    if set(line["input"]) - {"messages", "tools", "parallel_tool_calls"}:
        yield "unknown keys of the input"
    yield from _faults_of_messages(line["input"]["messages"])
    for name in ("preferred_output", "non_preferred_output"):
        yield from _faults_of_messages(line[name])
        if line[name][-1]["role"] != "assistant":
            yield f"{name} is nothing that an assistant said"


def _faults_of_messages(messages: Any) -> Iterator[str]:
    if not isinstance(messages, list) or not messages:
        yield "no messages"
        return
    for message in messages:
        if set(message) - KEYS:
            yield f"unknown keys {sorted(set(message) - KEYS)}"
        if message.get("role") not in ROLES:
            yield f"role {message.get('role')}"
        if not isinstance(message.get("content"), str) or (message["role"] == "assistant" and not message["content"]):
            yield "no content"
        if message.get("weight", 1) not in (0, 1) or ("weight" in message and message["role"] != "assistant"):
            yield "weight"
