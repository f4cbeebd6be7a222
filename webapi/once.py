"""What is sent twice begins once: a form whose button is pressed again, a call that is made again under its key."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import orjson
from flask import request

from inference import idempotency
from webapi.database import db

# What a form says only once, however often it is sent.
FORM_FIELD: Final = "once"


def per_call(tenant: str, key: str | None, given: dict[str, Any], make: Callable[[], UUID]) -> UUID:
    """The id of what a call of the API has made, at first or by now."""
    return idempotency.once(db.session(), tenant, key, _digest([request.path, given]), make)


def per_form(tenant: str, make: Callable[[], UUID]) -> UUID:
    """The same of a form. With other values in it, it is another one."""
    sent = _digest([request.full_path, sorted(request.form.items(multi=True))])
    key = f"form {sent.hex()}" if FORM_FIELD in request.form else None
    return idempotency.once(db.session(), tenant, key, sent, make)


def form_value() -> str:
    return secrets.token_urlsafe(16)


def _digest(value: object) -> bytes:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()
