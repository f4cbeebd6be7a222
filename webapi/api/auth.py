"""Who is calling: the key in `Authorization: Bearer vbs-...`, its tenant, its role and its limits."""

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flask import current_app, g, request
from sqlalchemy.orm import Session

from inference import api_keys, quotas
from schemas.actions import Action
from schemas.errors import KeyInvalid, RoleTooLow
from schemas.states import Role
from schemas.tables import ApiKey
from webapi import audit
from webapi.database import db

# A key that is revoked works for at most this long in a process that has just seen it.
CACHE_SECONDS: Final = 5.0
CACHE_SIZE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    key_id: UUID
    name: str
    tenant: str
    role: Role
    limits: quotas.Limits

    @classmethod
    def of(cls, key: ApiKey) -> "Caller":
        return cls(key.id, key.name, key.tenant, Role(key.role), quotas.limits_of(key))


class CallerCache:
    """Callers by the digest of their key, so that a client that polls costs no query for its key."""

    def __init__(self) -> None:
        self._callers: dict[bytes, tuple[float, Caller]] = {}

    def get(self, session: Session, plain: str) -> Caller:
        digest = api_keys.digest_of(plain)
        until, caller = self._callers.get(digest, (0.0, None))
        if caller is None or until < time.monotonic():
            caller = Caller.of(api_keys.authenticate(session, plain))
            # The connection goes back to the pool: the body that follows may take minutes to come in.
            session.close()
            if len(self._callers) >= CACHE_SIZE:
                self._callers.clear()
            self._callers[digest] = (time.monotonic() + CACHE_SECONDS, caller)
        return caller


def caller() -> Caller:
    known: Caller = g.caller
    return known


def tenant() -> str:
    return caller().tenant


def admit(needed: Role) -> None:
    """Let a request through when its key is known, may do this, and is within its rate."""
    cache: CallerCache = current_app.extensions["callers"]
    g.caller = cache.get(db.session(), bearer_key())
    limiter: quotas.RateLimiter = current_app.extensions["rate_limiter"]
    g.rate = limiter.count(g.caller.key_id, g.caller.limits.requests_per_minute)
    g.rate.check()
    if not g.caller.role.allows(needed):
        audit.note_now(Action.ROLE_REFUSED, request.endpoint or "", needed=needed)
        raise RoleTooLow(f"Your key has the role '{g.caller.role}'; this needs '{needed}'.")


def bearer_key() -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise KeyInvalid("You didn't provide an API key. Send it as 'Authorization: Bearer vbs-...'.")
    return key.strip()
