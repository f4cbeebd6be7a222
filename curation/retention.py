"""Removing what somebody has deleted: a large dataset takes a while, and holds nobody up."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, tuple_

from schemas.database import OpenSession
from schemas.tables import Dataset, Item, Output

AT_ONCE: Final = 5000


def purge_datasets(open_session: OpenSession) -> int:
    """Remove deleted datasets with all that is in them, a part at a time; returns how many."""
    gone = 0
    while True:
        with open_session() as session:
            dataset_id = session.scalar(select(Dataset.id).where(Dataset.deleted_at.is_not(None)).limit(1))
        if dataset_id is None:
            return gone
        for part, key in ((Output, (Output.id,)), (Item, (Item.dataset_id, Item.number))):
            while _remove_some(open_session, part, key, dataset_id):
                pass
        with open_session() as session:
            session.execute(delete(Dataset).where(Dataset.id == dataset_id))
        gone += 1


def _remove_some(open_session: OpenSession, part: type[Output | Item], key: Sequence[Any], dataset_id: UUID) -> bool:
    some = select(*key).where(part.dataset_id == dataset_id).limit(AT_ONCE)
    with open_session() as session:
        return bool(session.execute(delete(part).where(tuple_(*key).in_(some)).returning(*key)).all())
