"""What runs and judgings have in common: they are made of parts, and each part is an ordinary batch.

What is due and how far it is are here, and cancelling; `curation/batch_parts.py` does the work.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from curation.resuming import SILENT
from inference import batches, quotas
from inference.progress import Progress
from schemas.errors import Conflict
from schemas.states import RunStatus
from schemas.tables import ApiKey, Batch, Dataset, Judging, Run

BATCH_LINES: Final = 50_000
WINDOW: Final = "7d"

Work = TypeVar("Work", Run, Judging)

# Where a batch has ended and nobody reads its answers. A run's are read by an import, which is due by itself.
NOBODY_READS: Final[Mapping[type[Run | Judging], str]] = {
    Run: """NOT EXISTS (
        SELECT FROM imports
        WHERE imports.dataset_id = work.dataset_id AND imports.batch_id = batches.id AND imports.status = 'running'
    )""",
    Judging: "(part.line = 0 OR advanced_at < :silent_since)",
}
# A batch is to be created, or has ended and its answers are to be read, or nothing is left to do. A step that failed is
# not begun again at once.
DUE: Final = """
    SELECT id FROM {kind}s AS work WHERE ended_at IS NULL AND (attempts = 0 OR advanced_at < :silent_since) AND (
        advanced_at < :silent_since AND (
            status = 'cancelling'
            OR EXISTS (SELECT FROM {kind}_parts WHERE {kind}_id = work.id AND batch_id IS NULL AND ended_at IS NULL)
        )
        OR EXISTS (
            SELECT FROM {kind}_parts AS part JOIN batches ON batches.id = part.batch_id
            WHERE {kind}_id = work.id AND part.ended_at IS NULL AND batches.ended_at IS NOT NULL AND {nobody_reads}
        )
        OR NOT EXISTS (SELECT FROM {kind}_parts WHERE {kind}_id = work.id AND ended_at IS NULL)
    )
"""


def due(session: Session, table: type[Run | Judging], moment: datetime) -> list[UUID]:
    """Those for which there is something to do that nobody seems to be at."""
    query = text(DUE.format(kind=table.kind, nobody_reads=NOBODY_READS[table]))
    return list(session.scalars(query, {"silent_since": moment - SILENT}))


def progress(session: Session, works: Sequence[Run | Judging]) -> dict[UUID, Progress]:
    """Over all batches of each: frozen where it has ended."""
    live = [work for work in works if work.ended_at is None]
    frozen = {work.id: Progress(work.total, work.completed, work.failed) for work in works}
    return frozen | counted(session, live) if live else frozen


def counted(session: Session, works: Sequence[Run | Judging]) -> dict[UUID, Progress]:
    """As their batches have it now."""
    query = select(Batch).where(Batch.id.in_([batch_id for work in works for batch_id in work.batch_ids]))
    counts = batches.progress(session, session.scalars(query).all())
    return {work.id: _sum(work.total, [counts[batch_id] for batch_id in work.batch_ids]) for work in works}


def _sum(total: int, counts: Sequence[Progress]) -> Progress:
    return Progress(total, sum(one.completed for one in counts), sum(one.failed for one in counts))


def lines_allowed(session: Session, key_id: UUID, lines: int) -> int:
    """How many a batch may have: more than its key may have waiting would never fit."""
    return min(lines, quotas.limits_of(session.get_one(ApiKey, key_id)).pending_requests or lines)


def cancel(session: Session, work: Work) -> Work:
    """Stop it. What is answered by then is kept."""
    session.refresh(work, with_for_update={"key_share": True})
    if work.ended_at is None:
        work.status = RunStatus.CANCELLING
    elif work.status != RunStatus.CANCELLED:
        raise Conflict(f"Cannot cancel a {work.kind} with status '{work.status}'.", code="invalid_status")
    session.flush()
    return work


def cancel_all(session: Session, dataset: Dataset) -> None:
    """Stop what is asked about a dataset."""
    for table in (Run, Judging):
        live = (table.dataset_id == dataset.id, table.ended_at.is_(None))
        session.execute(update(table).where(*live).values(status=RunStatus.CANCELLING))
