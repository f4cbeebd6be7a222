"""Validating a batch and ending it exclude each other, and each is done by one process at a time."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def try_lock(session: Session, batch_id: UUID) -> bool:
    """False where somebody else has the lock. It ends with the transaction, however that ends."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(batch_id.hex, 0)))))
