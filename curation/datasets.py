"""Datasets: prompts, and all that models have answered to them."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from inference.paging import Page, page_of
from schemas import ids
from schemas.errors import CursorUnknown, DatasetNotFound, RequestInvalid
from schemas.tables import Dataset
from schemas.tables.base import now

LONGEST_NAME: Final = 200


def create(session: Session, tenant: str, name: str) -> Dataset:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise RequestInvalid(f"A dataset's name has 1 to {LONGEST_NAME} characters.", param="name")
    dataset = Dataset(tenant=tenant, name=name.strip())
    session.add(dataset)
    session.flush()
    return dataset


def get(session: Session, tenant: str, public_id: str) -> Dataset:
    dataset = session.get(Dataset, ids.parse(ids.DATASET, public_id, DatasetNotFound))
    if dataset is None or dataset.tenant != tenant or dataset.deleted_at is not None:
        raise DatasetNotFound(public_id)
    return dataset


def list_page(session: Session, tenant: str, after: str | None, limit: int) -> Page[Dataset]:
    """The newest first. `after` is the id of the last dataset of the page before."""
    found = select(Dataset).where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None))
    if after is not None:
        try:
            found = found.where(Dataset.id < get(session, tenant, after).id)
        except DatasetNotFound:
            raise CursorUnknown(after) from None
    return page_of(session.scalars(found.order_by(Dataset.id.desc()).limit(limit + 1)).all(), limit)


def delete(session: Session, tenant: str, public_id: str) -> Dataset:
    """Nobody sees it any more. Retention removes what it holds."""
    dataset = get(session, tenant, public_id)
    dataset.deleted_at = now()
    return dataset


def with_gold(session: Session, tenant: str) -> list[Dataset]:
    """Those that have gold examples, in the order in which they were made."""
    found = select(Dataset).where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None), Dataset.gold > 0)
    return list(session.scalars(found.order_by(Dataset.id)))
