"""Signatures by the Standard Webhooks specification, which OpenAI's clients check."""

import base64
import binascii
import secrets
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

from schemas.errors import RequestInvalid

PREFIX: Final = "whsec_"
SHORTEST_BYTES: Final = 24
LONGEST_BYTES: Final = 64


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_secret(secret: str) -> str:
    """A secret that is brought along must be one that every verifier reads the same way."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST_BYTES <= len(key) <= LONGEST_BYTES:
        message = f"A webhook secret is `{PREFIX}` and {SHORTEST_BYTES} to {LONGEST_BYTES} bytes in base64."
        raise RequestInvalid(message, param="secret")
    return secret


def signed_headers(secret: str, event_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, sent_at, body.decode()),
    }
