"""What runs and judgings do step by step, each in a transaction of its own: any of them may be the last for a while.

Each of their parts is an ordinary batch. It is made as soon as there is room for it, and when it has ended, what it has
answered is read.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curation import batch_work
from curation.batch_work import Work
from inference import batches, files, quotas
from inference.batches import NewBatch
from schemas import ids
from schemas.errors import QuotaExceeded, Unavailable, VbsError
from schemas.states import TERMINAL, BatchStatus, RunStatus
from schemas.tables import ApiKey, Batch, Dataset, Judging, JudgingPart, Run, RunPart
from schemas.tables.base import now

LONGEST_TITLE: Final = 400
CANCELLABLE: Final = (BatchStatus.VALIDATING, BatchStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Step:
    """Who is to be told, after the commit, and whether there is more to do at once."""

    validate: Sequence[UUID] = ()
    finalise: Sequence[UUID] = ()
    imports: Sequence[UUID] = ()
    more: bool = False


# The batch of a part; None where there is nothing to ask.
Make = Callable[[Session, Dataset, Work, Any], UUID | None]
# What to do with parts whose batches have ended.
Read = Callable[[Session, Dataset, Work, Sequence[tuple[Any, Batch]]], Step]


def advance(session: Session, table: type[Work], work_id: UUID, make: Make[Work], read: Read[Work]) -> Step:
    live = select(table).where(table.id == work_id, table.ended_at.is_(None))
    work = session.scalar(live.with_for_update(skip_locked=True))
    if work is None:
        return Step()
    dataset = session.get_one(Dataset, work.dataset_id)
    work.advanced_at = now()
    if dataset.deleted_at is not None:
        work.status = RunStatus.CANCELLING
    stopped = _stop(session, dataset, work) if work.status == RunStatus.CANCELLING else []
    done = read(session, dataset, work, _ended(session, work))
    if done.more:
        return done
    waiting = next((part for part in work.parts if part.batch_id is None and part.ended_at is None), None)
    if waiting is not None:
        begun = _begin(session, work, waiting, lambda: make(session, dataset, work, waiting))
        return replace(done, validate=begun, more=work.waits_for is None)
    if all(part.ended_at for part in work.parts):
        _end(session, work)
    return replace(done, finalise=stopped)


def _stop(session: Session, dataset: Dataset, work: Run | Judging) -> list[UUID]:
    """Stop the batches that run, and begin no other."""
    stopped = []
    for part in work.parts:
        if part.batch_id is None:
            part.ended_at = part.ended_at or now()
            continue
        batch = session.get_one(Batch, part.batch_id)
        if batch.status in CANCELLABLE:
            batches.cancel(session, dataset.tenant, ids.show(ids.BATCH, batch.id))
        if batch.status == BatchStatus.CANCELLING:
            stopped.append(batch.id)
    return stopped


def _ended(session: Session, work: Run | Judging) -> list[tuple[RunPart | JudgingPart, Batch]]:
    """Parts whose batches have ended, and which are not read to their end."""
    unread = [part for part in work.parts if part.batch_id and not part.ended_at]
    query = select(Batch).where(Batch.id.in_([part.batch_id for part in unread]), Batch.status.in_(TERMINAL))
    # Where one has ended since it was looked at, its counts are those of its end.
    found = {batch.id: batch for batch in session.scalars(query, execution_options={"populate_existing": True})}
    return [(part, found[part.batch_id]) for part in unread if part.batch_id in found]


def _begin(
    session: Session, work: Run | Judging, part: RunPart | JudgingPart, make: Callable[[], UUID | None]
) -> list[UUID]:
    """Make a part's batch, unless there is no room for it yet, or nothing to ask."""
    work.waits_for = None
    try:
        with session.begin_nested():
            part.batch_id = make()
    except (QuotaExceeded, Unavailable) as full:
        work.waits_for = full.message
        return []
    except VbsError as refused:
        part.problem, part.ended_at = refused.message, now()
        return []
    if part.batch_id is None:
        part.ended_at = now()
        return []
    return [part.batch_id]


def submit(
    session: Session,
    dataset: Dataset,
    work: Run | Judging,
    part: RunPart | JudgingPart,
    lines: Iterable[bytes],
    *,
    endpoint: str,
    title: str,
) -> UUID:
    """A batch of these lines, within the quotas of the key that has begun the work."""
    limits = quotas.limits_of(session.get_one(ApiKey, work.key_id))
    quotas.check_pending(session, dataset.tenant, limits.pending_requests)
    with files.incoming() as content:
        content.receive(f"{work.public_id}-{part.number + 1}.jsonl", lines)
        file = files.register(session, dataset.tenant, "batch", content, stored_limit=limits.stored_bytes)
        wanted = NewBatch(
            tenant=dataset.tenant,
            key_id=work.key_id,
            input_file_id=ids.show(ids.FILE, file.id),
            endpoint=endpoint,
            completion_window=work.completion_window,
            metadata={
                "description": f"{title[:LONGEST_TITLE]}, items {part.first_item:,} to {part.last_item:,}",
                work.kind: work.public_id,
            },
        )
        return batches.create(session, wanted).id


def problem_of(batch: Batch) -> str | None:
    """Why none of its requests was run, if so."""
    if batch.status != BatchStatus.FAILED:
        return None
    first = next(iter(batch.errors or []), {})
    return str(first.get("message") or "The batch failed.")


def _end(session: Session, work: Run | Judging) -> None:
    counts = batch_work.counted(session, [work])[work.id]
    work.completed, work.failed = counts.completed, counts.failed
    work.status = RunStatus.CANCELLED if work.status == RunStatus.CANCELLING else RunStatus.DONE
    work.waits_for, work.ended_at = None, now()
