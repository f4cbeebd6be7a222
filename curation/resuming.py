"""Long work on datasets: how it is done page by page, and how what somebody left undone is found.

Each piece of it is a row that says how far it has come and when it last did. It may end anywhere, and whoever is told
of it next goes on, but not for ever: what several have begun, and none of them got any further with, is at its end.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas.database import OpenSession
from schemas.states import QueueStatus
from schemas.tables import Dataset, Export, Import, Queue, Scoring, Split
from schemas.tables.base import now
from schemas.tables.batch_work import BatchWork

# A page takes a second or two, a batch's file or the sides of a split a few more.
SILENT: Final = timedelta(seconds=30)
# A worker has few threads, and who waits for a batch to be validated waits for one of them.
TURN_SECONDS: Final = 20.0
MOST_ATTEMPTS: Final = 5
NO_FURTHER: Final = f"It was begun {MOST_ATTEMPTS} times and came no further: see the worker's log."
# All of them call it so.
RUNNING: Final = "running"
BROKEN: Final = "broken"

Work = TypeVar("Work", Import, Scoring, Split)
# Those whose attempts are counted.
Bounded = TypeVar("Bounded", Import, Scoring)
LongWork = Dataset | Export | Import | Queue | Scoring | Split
# While there is something to do, and when somebody has last done some of it. What is done to a dataset itself is that
# its columns are filled.
UNDONE: Final[Mapping[type[LongWork], tuple[ColumnElement[bool], InstrumentedAttribute[Any]]]] = {
    **{table: (table.status == RUNNING, table.advanced_at) for table in (Export, Import, Scoring, Split)},
    Queue: ((Queue.status == QueueStatus.MAKING) & Queue.deleted_at.is_(None), Queue.created_at),
    Dataset: (Dataset.refilled.is_not(None) & Dataset.deleted_at.is_(None), Dataset.refilled_at),
}


def run(open_session: OpenSession, table: type[Bounded], work_id: UUID, advance: Callable[[Session], bool]) -> bool:
    """Go on with it, unless that is done or somebody is at it; returns whether there may be more."""
    with open_session() as session:
        work = taken(session, table, work_id)
        if work is None or not attempt(work):
            return False
    return page_by_page(open_session, advance)


def page_by_page(
    open_session: OpenSession, advance: Callable[[Session], bool], *, seconds: float = TURN_SECONDS
) -> bool:
    """Each page in a transaction of its own."""

    def page() -> bool:
        with open_session() as session:
            return advance(session)

    return for_a_turn(page, seconds=seconds)


def for_a_turn(step: Callable[[], bool], *, seconds: float = TURN_SECONDS) -> bool:
    """Step by step, until nothing is left or somebody else turns out to do it. After a while others have their turn:
    returns whether there may be more."""
    turn_ends = time.monotonic() + seconds
    more = True
    while more and time.monotonic() < turn_ends:
        more = step()
    return more


def taken(session: Session, table: type[Work], work_id: UUID) -> Work | None:
    """The work, until the end of this transaction; None where nothing is left to do, or somebody is at it."""
    work = session.scalar(select(table).where(table.id == work_id).with_for_update(skip_locked=True))
    if work is None or work.status != RUNNING:
        return None
    if session.get_one(Dataset, work.dataset_id).deleted_at is not None:
        end(work, BROKEN)
        return None
    return work


def too_often(work: Export | Import | Scoring | BatchWork) -> bool:
    """Note that somebody begins, and commit that before anything can happen; returns whether enough have done so."""
    work.attempts += 1
    work.advanced_at = now()
    return work.attempts > MOST_ATTEMPTS


def attempt(work: Export | Import | Scoring) -> bool:
    """Returns whether they may."""
    if too_often(work):
        work.problem = NO_FURTHER
        end(work, BROKEN)
    return work.status == RUNNING


def advanced(work: Import | Scoring) -> None:
    """In the transaction of a page: it is done."""
    work.attempts, work.advanced_at = 0, now()


def begin_again(work: Import) -> None:
    """What is broken goes on where it was."""
    work.status, work.problem, work.ended_at = RUNNING, None, None
    advanced(work)


def end(work: Export | Import | Scoring | Split, status: str) -> None:
    work.status, work.ended_at = status, now()


def left_undone(session: Session, table: type[LongWork], moment: datetime) -> list[UUID]:
    """What nobody seems to be at."""
    undone, last_step = UNDONE[table]
    return list(session.scalars(select(table.id).where(undone, last_step < moment - SILENT)))
