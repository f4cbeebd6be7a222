"""Answers that carry an error, in the shape every OpenAI client expects."""

from typing import Any, Final

import orjson

from inference.engines.base import Answer

UNBATCHABLE: Final = ("stream", "background")


def refusal(
    status_code: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    retry_after_seconds: float | None = None,
) -> Answer:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Answer(status_code, orjson.dumps({"error": error}), retry_after_seconds=retry_after_seconds)


def refuse_unbatchable(body: bytes) -> Answer | None:
    """Refuse what has no one final body: a stream, or a response that is to be fetched later."""
    suspects = [param for param in UNBATCHABLE if b'"%s"' % param.encode() in body]
    # Most bodies hold neither word, and are not parsed for this.
    asked = _parsed(body) if suspects else {}
    for param in suspects:
        if asked.get(param):
            return refusal(400, f"`{param}` is not possible in a batch.", param=param)
    return None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return request if isinstance(request, dict) else {}
