"""The one shape of every error, which OpenAI's clients read."""

from typing import Any, Final

INVALID: Final = "invalid_request_error"
SERVER: Final = "server_error"


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
