"""What one line of a batch's input file must be. Pure: a line goes in, a request or a named fault comes out."""

from collections.abc import Container
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson

MAX_CUSTOM_ID: Final = 512
# orjson writes 254 levels.
DEEPEST: Final = 200
REQUIRED: Final = {
    "/v1/chat/completions": "messages",
    "/v1/completions": "prompt",
    "/v1/embeddings": "input",
    "/v1/responses": "input",
}
ARCHIVES: Final = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive", b"\xfd7zXZ": "an xz archive"}
# What sets a limit to an answer's tokens; what counts where nothing does; and the most that counts.
LIMITS: Final[dict[str, tuple[str, ...]]] = {
    "/v1/chat/completions": ("max_completion_tokens", "max_tokens"),
    "/v1/completions": ("max_tokens",),
    "/v1/embeddings": (),
    "/v1/responses": ("max_output_tokens",),
}
LONG_ANSWER: Final = 1024
LONGEST_ANSWER: Final = 100_000
BOMS: Final = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True)
class RequestLine:
    custom_id: str
    model: str
    body: dict[str, Any]


class LineInvalid(Exception):
    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


def parse_line(line: bytes, endpoint: str, served: Container[str]) -> RequestLine:
    """The request on a line. Follows JSON Lines: UTF-8 without a BOM, no blank lines, CRLF allowed."""
    request = json_object(line)
    custom_id = _custom_id(request)
    _check_target(request, endpoint)
    body = request.get("body")
    if not isinstance(body, dict):
        raise LineInvalid("missing_required_parameter", "Every line needs a `body` object.", "body")
    return RequestLine(custom_id, _model(body, served), _checked_body(body, REQUIRED[endpoint]))


def compact(body: dict[str, Any]) -> bytes:
    """The body as the engine will get it. JSON may be nested deeper than it can be written again, and what is taken in
    is shown as a part of lists."""
    try:
        written = orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise LineInvalid("nested_too_deeply", f"The body can't be passed on: {error}.", "body") from None
    if _is_deep(body, written):
        raise LineInvalid("nested_too_deeply", f"The body is nested deeper than {DEEPEST} levels.", "body")
    return written


def _is_deep(body: dict[str, Any], written: bytes) -> bool:
    """Level by level, and only where there are brackets enough."""
    if written.count(b"{") + written.count(b"[") <= DEEPEST:
        return False
    level: list[Any] = [body]
    for _ in range(DEEPEST):
        inside = [one.values() if isinstance(one, dict) else one for one in level]
        level = [one for values in inside for one in values if isinstance(one, dict | list)]
    return bool(level)


def prompt_of(body: dict[str, Any], endpoint: str, compact_body: bytes) -> bytes:
    """What an engine reads first, in about the order in which it reads it; what follows may be anything."""
    name = REQUIRED[endpoint]
    if "tools" in body or "instructions" in body:
        return orjson.dumps([body.get("tools"), body.get("instructions"), body[name]])
    # Nothing but the name itself can look like this: inside a string the quotes would be escaped.
    return compact_body[compact_body.index(b'"%b":' % name.encode()) :]


def longest_answer(body: dict[str, Any], endpoint: str) -> int:
    """The most tokens that the answer may have, as far as the request says."""
    limits = (_count(body.get(name)) for name in LIMITS[endpoint])
    answers = _count(body.get("n")) or 1
    prompts = body.get("prompt")
    if isinstance(prompts, list) and prompts and isinstance(prompts[0], str | list):
        answers *= len(prompts)
    longest = next(filter(None, limits), LONG_ANSWER) if LIMITS[endpoint] else 0
    return min(longest * answers, LONGEST_ANSWER)


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def digest_of(body: dict[str, Any], endpoint: str, compact_body: bytes) -> bytes:
    """The same for requests that get the same answer: all is the same, and nothing is left to chance.

    Empty where an engine may answer the same request in another way.
    """
    return blake2b(compact_body, digest_size=16).digest() if is_certain(body, endpoint) else b""


def is_certain(body: dict[str, Any], endpoint: str) -> bool:
    """Whether the same request always gets the same answer."""
    return endpoint == "/v1/embeddings" or body.get("temperature") == 0 or body.get("seed") is not None


def json_object(line: bytes) -> dict[str, Any]:
    try:
        request = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _why_unreadable(line, error) from None
    if not isinstance(request, dict):
        raise LineInvalid("invalid_json_line", "This line is JSON, but not an object.")
    return request


def _why_unreadable(line: bytes, error: orjson.JSONDecodeError) -> LineInvalid:
    if not line.strip():
        return LineInvalid("blank_line", "This line is blank. Every line must hold one JSON object.")
    for magic, kind in ARCHIVES.items():
        if line.startswith(magic):
            return LineInvalid("invalid_file_format", f"This file is {kind}. Upload the JSONL file itself.")
    for magic, encoding in BOMS.items():
        if line.startswith(magic):
            return LineInvalid(
                "invalid_encoding",
                f"This line starts with a {encoding} byte order mark. Save the file as UTF-8 without one.",
            )
    try:
        line.decode()
    except UnicodeDecodeError as fault:
        return LineInvalid("invalid_encoding", f"This line is not UTF-8: byte {fault.start + 1} can't be read.")
    return LineInvalid("invalid_json_line", f"This line is not valid JSON: {error.msg} at column {error.colno}.")


def _custom_id(request: dict[str, Any]) -> str:
    custom_id = request.get("custom_id")
    if not isinstance(custom_id, str) or not custom_id:
        raise LineInvalid("missing_required_parameter", "Every line needs a `custom_id`, a string.", "custom_id")
    if len(custom_id) > MAX_CUSTOM_ID:
        raise LineInvalid("invalid_custom_id", f"A `custom_id` has at most {MAX_CUSTOM_ID} characters.", "custom_id")
    if "\0" in custom_id:
        raise LineInvalid("invalid_custom_id", "A `custom_id` can't hold a NUL character.", "custom_id")
    return custom_id


def _check_target(request: dict[str, Any], endpoint: str) -> None:
    if request.get("method") != "POST":
        raise LineInvalid("invalid_method", "Every line needs `method`: only `POST` is supported.", "method")
    url = request.get("url")
    if url == endpoint:
        return
    if url is None:
        raise LineInvalid("missing_required_parameter", f"Every line needs `url`: `{endpoint}` here.", "url")
    if not isinstance(url, str):
        raise LineInvalid("invalid_type", "The `url` must be a string.", "url")
    if url in REQUIRED:
        raise LineInvalid("mismatched_endpoint", f"This line is for `{url}`, but the batch is for `{endpoint}`.", "url")
    raise LineInvalid("invalid_url", f"The endpoint {_quoted(url)} is not supported in a batch.", "url")


def _model(body: dict[str, Any], served: Container[str]) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise LineInvalid("missing_required_parameter", "The body needs a `model`.", "body.model")
    if model not in served:
        raise LineInvalid("model_not_found", f"The model {_quoted(model)} is not served here.", "body.model")
    return model


def _checked_body(body: dict[str, Any], required: str) -> dict[str, Any]:
    if not body.get(required):
        raise LineInvalid("missing_required_parameter", f"The body needs `{required}`.", f"body.{required}")
    if required == "messages" and not are_messages(body["messages"]):
        raise LineInvalid("invalid_type", "`messages` must be a list of objects with a `role`.", "body.messages")
    if body.get("stream"):
        raise LineInvalid("stream_not_supported", "A batch can't stream: remove `stream`.", "body.stream")
    return body


def are_messages(messages: object) -> bool:
    return isinstance(messages, list) and all(isinstance(one, dict) and "role" in one for one in messages)


def _quoted(value: str) -> str:
    """A stranger's text, short enough to stand in a message."""
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
