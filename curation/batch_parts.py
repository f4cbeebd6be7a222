"""What runs and judgings do step by step: any of the transactions of a step may be the last for a while.

Each of their parts is an ordinary batch. It is made as soon as there is room for it, and when it has ended, what it has
answered is read.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curation import batch_making, batch_work, resuming
from curation.batch_making import Asking
from curation.batch_work import Work
from inference import batches
from inference.batch_lock import try_lock
from schemas import ids
from schemas.database import OpenSession
from schemas.errors import Conflict, QuotaExceeded, Unavailable, VbsError
from schemas.states import TERMINAL, BatchStatus, RunStatus
from schemas.tables import Batch, Dataset, Judging, JudgingPart, Run, RunPart
from schemas.tables.base import now

CANCELLABLE: Final = (BatchStatus.VALIDATING, BatchStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Step:
    """Who is to be told, after the commit, and whether there is more to do at once."""

    validate: Sequence[UUID] = ()
    finalise: Sequence[UUID] = ()
    imports: Sequence[UUID] = ()
    more: bool = False


# What a part asks.
Make = Callable[[Session, Dataset, Work, Any], Asking]
# What to do with parts whose batches have ended.
Read = Callable[[Session, Dataset, Work, Sequence[tuple[Any, Batch]]], Step]


def advance(open_session: OpenSession, table: type[Work], work_id: UUID, make: Make[Work], read: Read[Work]) -> Step:
    with open_session() as session:
        work = _taken(session, table, work_id)
        if work is None:
            return Step()
        if resuming.too_often(work):
            return _give_up(session, work)
    with open_session() as session:
        work = _taken(session, table, work_id)
        if work is None:
            return Step()
        done = _look_around(session, work, read)
        if done.more or work.ended_at is not None or work.waits_for or _waiting(work) is None:
            work.attempts = 0
            return done
    with open_session() as session:
        return replace(_make_batch(session, table, work_id, make), imports=done.imports)


def _taken(session: Session, table: type[Work], work_id: UUID) -> Work | None:
    """The work, until the end of this transaction; None where it has ended, or somebody is at it."""
    if not try_lock(session, work_id):
        return None
    return session.scalar(select(table).where(table.id == work_id, table.ended_at.is_(None)).with_for_update())


def _waiting(work: Run | Judging) -> RunPart | JudgingPart | None:
    """The next part that has no batch yet."""
    return next((part for part in work.parts if part.batch_id is None and part.ended_at is None), None)


def _look_around(session: Session, work: Work, read: Read[Work]) -> Step:
    """What has ended, what is to be stopped, and whether there is room for another batch."""
    dataset = session.get_one(Dataset, work.dataset_id)
    if dataset.deleted_at is not None:
        work.status = RunStatus.CANCELLING
    work.waits_for = None
    ended = _ended(session, work)
    stopped = _stop(session, dataset, work) if work.status == RunStatus.CANCELLING else []
    done = replace(read(session, dataset, work, ended), finalise=stopped)
    waiting = _waiting(work)
    if waiting is not None and not done.more and work.waits_for is None:
        _check_room(session, dataset, work, waiting)
    if all(part.ended_at for part in work.parts):
        _end(session, work, RunStatus.CANCELLED if work.status == RunStatus.CANCELLING else RunStatus.DONE)
    return done


def _check_room(session: Session, dataset: Dataset, work: Run | Judging, part: RunPart | JudgingPart) -> None:
    try:
        batch_making.check_room(session, dataset, work, part)
    except (QuotaExceeded, Unavailable) as full:
        work.waits_for = full.message


def _stop(session: Session, dataset: Dataset, work: Run | Judging) -> list[UUID]:
    """Stop the batches that run, and begin no other."""
    stopped = []
    for part in work.parts:
        if part.batch_id is None:
            part.ended_at = part.ended_at or now()
            continue
        batch = session.get_one(Batch, part.batch_id)
        if batch.status in CANCELLABLE:
            # It may come to its end just now.
            with suppress(Conflict):
                batches.cancel(session, dataset.tenant, ids.show(ids.BATCH, batch.id))
        if batch.status == BatchStatus.CANCELLING:
            stopped.append(batch.id)
    return stopped


def _ended(session: Session, work: Run | Judging) -> list[tuple[RunPart | JudgingPart, Batch]]:
    """Parts whose batches have ended, and which are not read to their end. Those that there was no room for are made
    again."""
    unread = [part for part in work.parts if part.batch_id and not part.ended_at]
    query = select(Batch).where(Batch.id.in_([part.batch_id for part in unread]), Batch.status.in_(TERMINAL))
    # Where one has ended since it was looked at, its counts are those of its end.
    found = {batch.id: batch for batch in session.scalars(query, execution_options={"populate_existing": True})}
    for part in unread:
        if part.batch_id in found and batch_making.had_no_room(found[part.batch_id]):
            work.waits_for, part.batch_id = batch_making.problem_of(found[part.batch_id]), None
    return [(part, found[part.batch_id]) for part in unread if part.batch_id in found]


def _make_batch(session: Session, table: type[Work], work_id: UUID, make: Make[Work]) -> Step:
    """Of the next part, unless there turns out to be no room for it, or nothing to ask."""
    work = session.get(table, work_id) if try_lock(session, work_id) else None
    part = _waiting(work) if work and work.status == RunStatus.RUNNING else None
    if work is None or part is None:
        return Step(more=work is not None)
    dataset = session.get_one(Dataset, work.dataset_id)
    asking = make(session, dataset, work, part)
    try:
        with session.begin_nested():
            batch_id = batch_making.submit(session, dataset, work, part, asking)
    except (QuotaExceeded, Unavailable) as full:
        session.refresh(work, ["status"], with_for_update=True)
        work.waits_for, part.bytes = full.message, asking.written_bytes
    except VbsError as refused:
        session.refresh(work, ["status"], with_for_update=True)
        if work.status == RunStatus.RUNNING:
            part.problem, part.ended_at = refused.message, now()
    else:
        work.total += asking.requests - part.requests
        part.requests, part.problem = asking.requests, asking.problem
        part.batch_id, part.ended_at = batch_id, None if batch_id else now()
    work.attempts = 0
    return Step(validate=[part.batch_id] if part.batch_id else [], more=work.waits_for is None)


def _give_up(session: Session, work: Run | Judging) -> Step:
    """Several have begun its next step, and none of them has come to its end."""
    unfinished = [part for part in work.parts if part.ended_at is None] or work.parts[-1:]
    stopped = _stop(session, session.get_one(Dataset, work.dataset_id), work)
    for part in unfinished:
        part.problem, part.ended_at = resuming.NO_FURTHER, now()
    _end(session, work, RunStatus.BROKEN)
    return Step(finalise=stopped)


def _end(session: Session, work: Run | Judging, status: RunStatus) -> None:
    counts = batch_work.counted(session, [work])[work.id]
    work.completed, work.failed = counts.completed, counts.failed
    work.status, work.waits_for, work.ended_at = status, None, now()
