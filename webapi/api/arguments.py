"""Reading bodies and queries: what does not fit is a 400 that names the parameter, as OpenAI answers."""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import marshmallow as ma
import orjson
from flask import Request
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import UnsupportedMediaType

from schemas.errors import RequestInvalid

ENTRY_DEPTH: Final = 2


class ArgumentParser(FlaskParser):
    DEFAULT_VALIDATION_STATUS = 400

    def _raw_load_json(self, req: Request) -> Any:
        body = req.get_data()
        if not body:
            return missing
        if not is_json_request(req):
            raise UnsupportedMediaType("The body must be JSON, with 'Content-Type: application/json'.")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise RequestInvalid(f"The body is not valid JSON: {error}.", code="invalid_json") from error

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any) -> NoReturn:
        messages = error.messages
        raise invalid(next(iter(messages.values())) if isinstance(messages, dict) else messages) from error


def load(schema: ma.Schema, values: Mapping[str, Any]) -> Any:
    """Read values that did not come as JSON or a query, with the same errors."""
    try:
        return schema.load(values)
    except ma.ValidationError as error:
        raise invalid(error.messages) from error


def invalid(messages: Any) -> RequestInvalid:
    """The first complaint of marshmallow, as an error about one parameter."""
    path: list[str] = []
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        path.append(str(name))
    # Marshmallow tells of a mapping's entry whether its key or its value is wrong; `metadata.name` says enough.
    if len(path) > ENTRY_DEPTH and path[-1] in ("key", "value"):
        path.pop()
    message = messages[0] if isinstance(messages, list) and messages else messages
    param = ".".join(name for name in path if name != "_schema")
    return RequestInvalid(f"Invalid '{param}': {message}" if param else str(message), param=param or None)
