"""Removing what somebody has deleted: a large dataset takes a while, and holds nobody up."""

from functools import partial
from uuid import UUID

from sqlalchemy import delete, select

from schemas.database import OpenSession, delete_in_parts
from schemas.tables import (
    Comparison,
    Dataset,
    Item,
    ItemSignature,
    Output,
    Run,
    RunItem,
    Snapshot,
    SnapshotExample,
    Split,
    SplitItem,
)


def purge_datasets(open_session: OpenSession) -> int:
    """Remove deleted datasets with all that is in them, a part at a time; returns how many."""
    gone = 0
    while True:
        with open_session() as session:
            dataset_id = session.scalar(select(Dataset.id).where(Dataset.deleted_at.is_not(None)).limit(1))
        if dataset_id is None:
            return gone
        _empty(open_session, dataset_id)
        with open_session() as session:
            session.execute(delete(Dataset).where(Dataset.id == dataset_id))
        gone += 1


def _empty(open_session: OpenSession, dataset_id: UUID) -> None:
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
