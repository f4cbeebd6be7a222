"""What runs and judgings have in common: they are made of parts, and each part is an ordinary batch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from inference import batches, files, quotas
from inference.batches import NewBatch
from inference.progress import Progress
from schemas import ids
from schemas.errors import QuotaExceeded, Unavailable, VbsError
from schemas.states import BatchStatus
from schemas.tables import ApiKey, Batch, Dataset, Judging, JudgingPart, Run, RunPart
from schemas.tables.base import now

LONGEST_NAME: Final = 400
CANCELLABLE: Final = (BatchStatus.VALIDATING, BatchStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Step:
    """Who is to be told, after the commit, and whether there is more to do at once."""

    validate: Sequence[UUID] = ()
    finalise: Sequence[UUID] = ()
    imports: Sequence[UUID] = ()
    more: bool = False


def begin(
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
    tenant: str,
    key_id: UUID,
    filename: str,
    lines: Iterable[bytes],
    wanted: Callable[[str], NewBatch],
) -> UUID:
    """A batch of a file of these lines, within the quotas of a key. `wanted` is given the file's id."""
    limits = quotas.limits_of(session.get_one(ApiKey, key_id))
    quotas.check_pending(session, tenant, limits.pending_requests)
    with files.incoming() as content:
        content.receive(filename, lines)
        file = files.register(session, tenant, "batch", content, stored_limit=limits.stored_bytes)
        return batches.create(session, wanted(ids.show(ids.FILE, file.id))).id


def stop(session: Session, dataset: Dataset, parts: Sequence[RunPart | JudgingPart]) -> list[UUID]:
    """Stop the batches that run, and begin no other."""
    stopped = []
    for part in parts:
        if part.batch_id is None:
            part.ended_at = part.ended_at or now()
            continue
        batch = session.get_one(Batch, part.batch_id)
        if batch.status in CANCELLABLE:
            batches.cancel(session, dataset.tenant, ids.show(ids.BATCH, batch.id))
        if batch.status == BatchStatus.CANCELLING:
            stopped.append(batch.id)
    return stopped


def problem_of(batch: Batch) -> str | None:
    """Why none of its requests was run, if so."""
    if batch.status != BatchStatus.FAILED:
        return None
    first = next(iter(batch.errors or []), {})
    return str(first.get("message") or "The batch failed.")


def counted(session: Session, totals: Mapping[UUID, int], found: Sequence[tuple[UUID, Batch]]) -> dict[UUID, Progress]:
    """Of each run or judging, by its id, what its batches add up to now."""
    counts = batches.progress(session, [batch for _, batch in found])
    sums = {work_id: Progress(total) for work_id, total in totals.items()}
    for work_id, batch in found:
        one, before = counts[batch.id], sums[work_id]
        sums[work_id] = Progress(before.total, before.completed + one.completed, before.failed + one.failed)
    return sums
