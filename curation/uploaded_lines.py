"""What a line of an uploaded file says: something to ask, and perhaps the answer that is known. Pure."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

import orjson

from curation.arrivals import Arrival
from curation.wording import LONGEST_NAME, MOST_FIELDS, asked_of, text_of
from inference.request_lines import MAX_CUSTOM_ID, REQUIRED, LineInvalid, are_messages, compact
from schemas.text import storable

# The model of answers that nobody knows the model of.
FROM_FILE: Final = "file"
LONGEST_DETAIL: Final = 10_000
CHAT: Final = "/v1/chat/completions"
ENDPOINTS: Final = {url: name for url, name in REQUIRED.items() if url != "/v1/embeddings"}
# What a chat line may say about how it is to be answered.
OF_CHATS: Final = (
    "tools", "tool_choice", "parallel_tool_calls", "response_format", "temperature", "top_p", "max_tokens",
    "max_completion_tokens", "seed", "stop",
)  # fmt: skip


class Read(NamedTuple):
    endpoint: str
    request: Mapping[str, Any]
    answer: str | None
    # The names that this is all of; the others are details.
    names: Collection[str]


def arrival_of(record: Mapping[str, Any], line: int) -> Arrival:
    read = next((read for name, read in READERS.items() if name in record), None)
    if read is None:
        raise LineInvalid("unknown_line", "A line needs `body`, `messages`, `prompt` or `input`.")
    endpoint, request, answer, names = read(record)
    others = {name: value for name, value in record.items() if name not in names and name != "custom_id"}
    return Arrival(
        line=line,
        custom_id=_custom_id(record.get("custom_id"), line),
        endpoint=endpoint,
        request=compact(dict(request)).decode(),
        asked=asked_of(request),
        output=None if answer is None else storable(answer),
        model=FROM_FILE,
        details=orjson.dumps(details_of(others)).decode(),
    )


def details_of(others: Mapping[str, Any]) -> dict[str, Any]:
    """Names and plain values, as they can be stored and filtered; what is nested is kept as text."""
    metadata = others.get("metadata")
    if isinstance(metadata, dict):
        others = {name: value for name, value in others.items() if name != "metadata"} | metadata
    named = [(storable(name)[:LONGEST_NAME], value) for name, value in others.items() if name.strip()]
    return {name: _plain(value) for name, value in named[:MOST_FIELDS]}


def _plain(value: object) -> object:
    if isinstance(value, dict | list):
        value = compact({"": value}).decode()[4:-1]
    return storable(value)[:LONGEST_DETAIL] if isinstance(value, str) else value


def _custom_id(given: object, line: int) -> str:
    if given is None or given == "":
        return f"line-{line}"
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise LineInvalid("invalid_custom_id", "A `custom_id` is text.", "custom_id")
    return storable(str(given))[:MAX_CUSTOM_ID]


def _batch_line(record: Mapping[str, Any]) -> Read:
    body = record["body"]
    if not isinstance(body, dict):
        raise LineInvalid("missing_required_parameter", "Every line needs a `body` object.", "body")
    endpoint = record.get("url") or next((url for url, name in ENDPOINTS.items() if name in body), CHAT)
    if not isinstance(endpoint, str) or endpoint not in ENDPOINTS:
        raise LineInvalid("invalid_url", f"`url` is one of {', '.join(ENDPOINTS)}.", "url")
    if not body.get(ENDPOINTS[endpoint]):
        raise LineInvalid(
            "missing_required_parameter", f"The body needs `{ENDPOINTS[endpoint]}`.", f"body.{ENDPOINTS[endpoint]}"
        )
    if endpoint == CHAT:
        _messages(body["messages"], "body.messages")
    return Read(endpoint, body, None, ("body", "url", "method"))


def _chat_line(record: Mapping[str, Any]) -> Read:
    messages = _messages(record["messages"], "messages")
    answer = None
    if messages[-1].get("role") == "assistant":
        *messages, last = messages
        answer = _said(last)
    if not messages:
        raise LineInvalid("nothing_asked", "The messages hold an answer, but nothing that was asked.", "messages")
    request = {"messages": messages} | {name: record[name] for name in OF_CHATS if name in record}
    return Read(CHAT, request, answer, ("messages", *OF_CHATS))


def _prompt_line(name: str) -> Callable[[Mapping[str, Any]], Read]:
    def read(record: Mapping[str, Any]) -> Read:
        asked = record[name]
        if not asked or not isinstance(asked, str | list):
            raise LineInvalid("nothing_asked", f"`{name}` is text, or a list of messages, and is not empty.", name)
        messages = [{"role": "user", "content": asked}] if isinstance(asked, str) else _messages(asked, name)
        told = next((told for told in ("completion", "output") if record.get(told)), None)
        answer = None if told is None else _completion(record[told], told)
        return Read(CHAT, {"messages": messages}, answer, (name, "completion", "output"))

    return read


def _completion(told: object, name: str) -> str:
    if isinstance(told, str):
        return told
    return _said(_messages(told, name)[-1])


def _messages(value: object, name: str) -> list[dict[str, Any]]:
    if not value or not isinstance(value, list) or not are_messages(value):
        raise LineInvalid("invalid_type", f"`{name}` must be a list of objects with a `role`.", name)
    return value


def _said(message: Mapping[str, Any]) -> str:
    """Its text, or the tools that it calls."""
    # Nothing that can't be written again is nested so deeply that it can't be searched for text.
    compact(dict(message))
    calls = message.get("tool_calls")
    return text_of(message.get("content")) or (compact({"tool_calls": calls}).decode() if calls else "")


READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Read]]] = {
    "body": _batch_line,
    "messages": _chat_line,
    "prompt": _prompt_line("prompt"),
    "input": _prompt_line("input"),
}
