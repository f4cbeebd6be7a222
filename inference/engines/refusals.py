"""Answers that carry an error, in the shape every OpenAI client expects."""

import orjson

from inference.engines.base import Answer


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
