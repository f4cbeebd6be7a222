"""Making a queue: each example of its view gets its place, in one statement. It may end anywhere, and is done again.

A small one is made at once. Any other takes seconds, and a task makes it.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, insert, literal
from sqlalchemy.orm import InstrumentedAttribute, Session

from curation import kept_views, queues, refilling, table, views
from curation.queues import NewQueue, QueueSort
from inference.batch_lock import try_lock
from schemas import ids
from schemas.database import OpenSession
from schemas.errors import DatasetNotFound, RequestInvalid, VbsError
from schemas.states import QueueItemState, QueueStatus
from schemas.tables import Dataset, Example, Queue, QueueItem

AT_ONCE: Final = 2000
COLUMNS: Final = ("example_id", "place", "queue_id", "state", "reviews")
ORDERS: Final[Mapping[str, tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]]] = {
    QueueSort.OLDEST: (Example.id,),
    QueueSort.WORST: (Example.score.asc().nulls_last(), Example.id),
}


def create(session: Session, dataset: Dataset, key_id: UUID, wanted: NewQueue, *, at_once: int = AT_ONCE) -> Queue:
    queue = queues.create(session, dataset, key_id, wanted)
    found = table.count(session, dataset, wanted.view, most=at_once)
    if found.exact and not found.number:
        raise RequestInvalid("The view holds no example: there is nothing to review.", param="view")
    if found.exact and found.number <= at_once:
        _make(session, dataset, queue)
    return queue


def run(open_session: OpenSession, queue_id: UUID) -> None:
    """Make it, unless that is done or somebody is at it, or what its view holds is yet to be seen."""
    with open_session() as session:
        queue = session.get(Queue, queue_id) if try_lock(session, queue_id) else None
        if queue is None or queue.status != QueueStatus.MAKING or queue.deleted_at is not None:
            return
        dataset = session.get_one(Dataset, queue.dataset_id)
        if refilling.holds_up(dataset, kept_views.read(queue.filters)):
            return
        try:
            if dataset.deleted_at is not None:
                raise DatasetNotFound(ids.show(ids.DATASET, dataset.id))
            _make(session, dataset, queue)
        except VbsError as error:
            queue.status, queue.problem = QueueStatus.BROKEN, error.message


def _make(session: Session, dataset: Dataset, queue: Queue) -> None:
    queue.items = _freeze(session, dataset, queue)
    if not queue.items:
        raise RequestInvalid("The view holds no example any more: there is nothing to review.", param="view")
    queue.status = QueueStatus.OPEN
    session.flush()


def _freeze(session: Session, dataset: Dataset, queue: Queue) -> int:
    """Returns how many there are."""
    at_random = (func.hashtextextended(cast(Example.id, Text), queue.seed), Example.id)
    order = ORDERS.get(queue.sort, at_random)
    rows = (
        views.matching(dataset, kept_views.read(queue.filters))
        .add_columns(
            func.row_number().over(order_by=order),
            literal(queue.id),
            literal(QueueItemState.OPEN.value, Text),
            literal(0),
        )
        .order_by(*order)
        .limit(queue.most)
    )
    made = insert(QueueItem).from_select(COLUMNS, rows)
    done = session.execute(made, execution_options={"preserve_rowcount": True})
    return int(done.rowcount)  # type: ignore[attr-defined]
