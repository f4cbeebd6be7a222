"""What is asked for twice is done once: the second call gets what the first one has made.

A call says under which key. The second waits at the key until the first has ended, and does it if that one has failed.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.errors import IdempotencyMismatch
from schemas.tables import IdempotencyKey

NOTHING: Final = UUID(int=0)


def once(session: Session, tenant: str, key: str | None, fingerprint: bytes, make: Callable[[], UUID]) -> UUID:
    """The id of what was made. The fingerprint tells a repeated call from another one under the same key."""
    if key is None:
        return make()
    claim = insert(IdempotencyKey).values(tenant=tenant, key=key, fingerprint=fingerprint, made_id=NOTHING)
    # Where nothing is made, nothing is claimed.
    with session.begin_nested():
        if session.scalar(claim.on_conflict_do_nothing().returning(IdempotencyKey.key)) is not None:
            made_id = make()
            this = (IdempotencyKey.tenant == tenant, IdempotencyKey.key == key)
            session.execute(update(IdempotencyKey).where(*this).values(made_id=made_id))
            return made_id
    return _made_before(session, tenant, key, fingerprint)


def _made_before(session: Session, tenant: str, key: str, fingerprint: bytes) -> UUID:
    known = session.get_one(IdempotencyKey, (tenant, key), populate_existing=True)
    if known.fingerprint != fingerprint:
        raise IdempotencyMismatch("This Idempotency-Key was used for a different request.", param="Idempotency-Key")
    return known.made_id
