"""Removing what somebody has deleted, a part at a time: what is large takes a while, and holds nobody up."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select

from schemas.database import OpenSession, delete_in_parts
from schemas.tables import (
    Comparison,
    Dataset,
    Item,
    ItemSignature,
    Judging,
    Output,
    Queue,
    QueueItem,
    Review,
    Run,
    RunItem,
    Snapshot,
    SnapshotExample,
    Split,
    SplitItem,
)


def purge_datasets(open_session: OpenSession) -> int:
    """With all that is in them, once nothing is asked about them any more; returns how many."""
    live = [exists().where(table.dataset_id == Dataset.id, table.ended_at.is_(None)) for table in (Run, Judging)]
    return _purge(open_session, Dataset, and_(Dataset.deleted_at.is_not(None), ~or_(*live)), _empty_dataset)


def purge_queues(open_session: OpenSession) -> int:
    """Also those whose dataset goes; returns how many."""
    deleted_datasets = select(Dataset.id).where(Dataset.deleted_at.is_not(None))
    due = Queue.deleted_at.is_not(None) | Queue.dataset_id.in_(deleted_datasets)
    return _purge(open_session, Queue, due, _empty_queue)


def _purge(
    open_session: OpenSession,
    table: type[Dataset | Queue],
    due: ColumnElement[bool],
    empty: Callable[[OpenSession, UUID], None],
) -> int:
    gone = 0
    while True:
        with open_session() as session:
            its_id = session.scalar(select(table.id).where(due).limit(1))
        if its_id is None:
            return gone
        empty(open_session, its_id)
        with open_session() as session:
            session.execute(delete(table).where(table.id == its_id))
        gone += 1


def _empty_dataset(open_session: OpenSession, dataset_id: UUID) -> None:
    """Remove what has a row for each item or example."""
    remove = partial(delete_in_parts, open_session)
    snapshots = select(Snapshot.id).where(Snapshot.dataset_id == dataset_id)
    splits = select(Split.id).where(Split.dataset_id == dataset_id)
    runs = select(Run.id).where(Run.dataset_id == dataset_id)
    kept = SnapshotExample
    remove(kept, [kept.snapshot_id, kept.example_id], kept.snapshot_id.in_(snapshots))
    remove(SplitItem, [SplitItem.split_id, SplitItem.item], SplitItem.split_id.in_(splits))
    remove(ItemSignature, [ItemSignature.split_id, ItemSignature.item], ItemSignature.split_id.in_(splits))
    remove(Comparison, [Comparison.id], Comparison.dataset_id == dataset_id)
    remove(RunItem, [RunItem.run_id, RunItem.item], RunItem.run_id.in_(runs))
    remove(Output, [Output.id], Output.dataset_id == dataset_id)
    remove(Item, [Item.dataset_id, Item.number], Item.dataset_id == dataset_id)


def _empty_queue(open_session: OpenSession, queue_id: UUID) -> None:
    remove = partial(delete_in_parts, open_session)
    remove(Review, [Review.queue_id, Review.place, Review.key_id], Review.queue_id == queue_id)
    remove(QueueItem, [QueueItem.queue_id, QueueItem.place], QueueItem.queue_id == queue_id)
