"""Removing what somebody has deleted: a large dataset takes a while, and holds nobody up."""

from sqlalchemy import delete, select

from schemas.database import OpenSession, delete_in_parts
from schemas.tables import Dataset, Item, Output


def purge_datasets(open_session: OpenSession) -> int:
    """Remove deleted datasets with all that is in them, a part at a time; returns how many."""
    gone = 0
    while True:
        with open_session() as session:
            dataset_id = session.scalar(select(Dataset.id).where(Dataset.deleted_at.is_not(None)).limit(1))
        if dataset_id is None:
            return gone
        delete_in_parts(open_session, Output, [Output.id], Output.dataset_id == dataset_id)
        delete_in_parts(open_session, Item, [Item.dataset_id, Item.number], Item.dataset_id == dataset_id)
        with open_session() as session:
            session.execute(delete(Dataset).where(Dataset.id == dataset_id))
        gone += 1
