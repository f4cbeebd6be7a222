"""What the tables say is due, whether or not a message about it ever arrived."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from inference import claiming
from schemas.database import give_up_soon
from schemas.settings import settings

FORGET_SILENT_WORKERS: Final = text("""
    UPDATE workers SET state = 'stopped', in_flight = 0, detail = 'silent for over a minute'
    WHERE state <> 'stopped' AND seen_at < now() - interval '1 minute'
""")
TO_VALIDATE: Final = text("SELECT id FROM batches WHERE ended_at IS NULL AND status = 'validating' ORDER BY id")
TO_FINALISE: Final = text("""
    SELECT id FROM batches WHERE ended_at IS NULL AND (
        status IN ('cancelling', 'finalizing') OR expires_at <= now()
        OR status = 'in_progress' AND NOT EXISTS (
            SELECT FROM chunks WHERE chunks.batch_id = batches.id AND chunks.state <> 'done'))
    ORDER BY id
""")
CHUNKS_DUE: Final = text(f"""
    SELECT count(*) FROM chunks JOIN batches ON batches.id = chunks.batch_id
    WHERE chunks.state = 'waiting' AND batches.status = 'in_progress'
      AND {claiming.RESTED}
""")


@dataclass(frozen=True, slots=True)
class Due:
    validate: list[UUID]
    finalise: list[UUID]
    chunks: int


def find_due(session: Session, *, spare_leases: bool = False) -> Due:
    """Take stale leases back, then list what nobody may have been told of."""
    give_up_soon(session)
    if not spare_leases:
        claiming.release_stale(session, settings().lease_seconds)
    session.execute(FORGET_SILENT_WORKERS)
    return Due(
        validate=list(session.scalars(TO_VALIDATE)),
        finalise=list(session.scalars(TO_FINALISE)),
        chunks=session.scalar(CHUNKS_DUE) or 0,
    )
