"""An item as a request to another model: a line of a batch's file. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from inference.request_lines import LIMITS, compact

# Its name differs between the endpoints.
MAX_TOKENS: Final = "max_tokens"


def request_line(
    number: int, endpoint: str, request: Mapping[str, Any], model: str, changes: Mapping[str, Any]
) -> bytes:
    """The custom_id is the item's number, so that the answer finds its way back."""
    body = compact({**with_changes(request, endpoint, changes), "model": model})
    head = orjson.dumps({"custom_id": str(number), "method": "POST", "url": endpoint})
    return b'%b,"body":%b}\n' % (head.removesuffix(b"}"), body)


def with_changes(request: Mapping[str, Any], endpoint: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """With these parameters in place of its own."""
    body = {name: value for name, value in request.items() if name != "stream"}
    if MAX_TOKENS in changes:
        *others, own = LIMITS[endpoint]
        body = {name: value for name, value in body.items() if name not in others}
        changes = {own if name == MAX_TOKENS else name: value for name, value in changes.items()}
    return {**body, **changes}
