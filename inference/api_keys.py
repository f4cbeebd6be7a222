"""API keys: made once, shown once, kept as a digest."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schemas import ids
from schemas.errors import KeyInvalid, KeyNameTaken, KeyNotFound
from schemas.states import Role
from schemas.tables import ApiKey
from schemas.tables.base import now

PREFIX: Final = "vbs-"
RANDOM_BYTES: Final = 32


def create(
    session: Session,
    name: str,
    role: Role,
    tenant: str | None = None,
    *,
    requests_per_minute: int | None = None,
    pending_requests: int | None = None,
    stored_bytes: int | None = None,
    weight: float = 1.0,
) -> tuple[ApiKey, str]:
    """A new key, and its plain text, which nobody can see again. Its name tells it from the tenant's other keys."""
    tenant = tenant or name
    plain = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    key = ApiKey(
        name=name,
        tenant=tenant,
        role=role,
        hint=hint_of(plain),
        digest=digest_of(plain),
        requests_per_minute=requests_per_minute,
        pending_requests=pending_requests,
        stored_bytes=stored_bytes,
        weight=weight,
    )
    try:
        with session.begin_nested():
            session.add(key)
    except IntegrityError:
        raise KeyNameTaken(name, tenant) from None
    return key, plain


def authenticate(session: Session, plain: str) -> ApiKey:
    """The key that a caller showed, unless it is unknown or revoked."""
    key = session.scalar(select(ApiKey).where(ApiKey.digest == digest_of(plain), ApiKey.revoked_at.is_(None)))
    if key is None:
        raise KeyInvalid(f"Incorrect API key provided: {hint_of(plain)}.")
    return key


def revoke(session: Session, key_id: str) -> ApiKey:
    """Revoking twice changes nothing: the first moment stays."""
    key = session.get(ApiKey, ids.parse(ids.KEY, key_id, KeyNotFound), with_for_update=True)
    if key is None:
        raise KeyNotFound(key_id)
    key.revoked_at = key.revoked_at or now()
    session.flush()
    return key


def list_all(session: Session) -> Sequence[ApiKey]:
    return session.scalars(select(ApiKey).order_by(ApiKey.id)).all()


def digest_of(plain: str) -> bytes:
    # 256 random bits can't be guessed, so a slow password hash would only make every call slow.
    return hashlib.sha256(plain.encode(errors="surrogatepass")).digest()


def hint_of(plain: str) -> str:
    """Enough of a key to recognise it among others, and too little to use it."""
    return f"{PREFIX}...{plain[-4:]}" if len(plain) >= len(PREFIX) + RANDOM_BYTES else f"{plain[:2]}..."
