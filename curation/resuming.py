"""Long work on datasets: how it is done page by page, and how what somebody left undone is found.

Each piece of it is a row that says how far it has come and when it last did. It may end anywhere, and whoever is told
of it next goes on.
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

# A page takes a second or two, a batch's file or the sides of a split a few more.
SILENT: Final = timedelta(seconds=30)
# A worker has few threads, and who waits for a batch to be validated waits for one of them.
TURN_SECONDS: Final = 20.0
# All of them call it so.
RUNNING: Final = "running"
BROKEN: Final = "broken"

Work = TypeVar("Work", Import, Scoring, Split)
LongWork = Dataset | Export | Import | Queue | Scoring | Split
# While there is something to do, and when somebody has last done some of it. What is done to a dataset itself is that
# its columns are filled.
UNDONE: Final[Mapping[type[LongWork], tuple[ColumnElement[bool], InstrumentedAttribute[Any]]]] = {
    **{table: (table.status == RUNNING, table.advanced_at) for table in (Export, Import, Scoring, Split)},
    Queue: ((Queue.status == QueueStatus.MAKING) & Queue.deleted_at.is_(None), Queue.created_at),
    Dataset: (Dataset.refilled.is_not(None) & Dataset.deleted_at.is_(None), Dataset.refilled_at),
}


def page_by_page(
    open_session: OpenSession, advance: Callable[[Session], bool], *, seconds: float = TURN_SECONDS
) -> bool:
    """Each page in a transaction of its own, until nothing is left or somebody else turns out to do it. After a while
    others have their turn: returns whether there may be more."""
    turn_ends = time.monotonic() + seconds
    more = True
    while more and time.monotonic() < turn_ends:
        with open_session() as session:
            more = advance(session)
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


def end(work: Export | Import | Scoring | Split, status: str) -> None:
    work.status, work.ended_at = status, now()


def left_undone(session: Session, table: type[LongWork], moment: datetime) -> list[UUID]:
    """What nobody seems to be at."""
    undone, last_step = UNDONE[table]
    return list(session.scalars(select(table.id).where(undone, last_step < moment - SILENT)))
