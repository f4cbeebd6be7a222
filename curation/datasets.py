"""Datasets: prompts, and all that models have answered to them."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from curation import batch_work, naming
from inference.paging import Page, newest_page
from schemas import ids
from schemas.errors import DatasetNotFound, NotFound
from schemas.tables import Dataset, Example, Judging, Run, Snapshot, Split
from schemas.tables.base import now

Part = TypeVar("Part", Example, Judging, Run, Snapshot, Split)


def create(session: Session, tenant: str, name: str) -> Dataset:
    dataset = Dataset(tenant=tenant, name=naming.checked(name, "dataset"))
    session.add(dataset)
    session.flush()
    return dataset


def get(session: Session, tenant: str, public_id: str) -> Dataset:
    dataset = session.get(Dataset, ids.parse(ids.DATASET, public_id, DatasetNotFound))
    if dataset is None or dataset.tenant != tenant or dataset.deleted_at is not None:
        raise DatasetNotFound(public_id)
    return dataset


def get_part(
    session: Session, tenant: str, table: type[Part], kind: str, public_id: str, missing: type[NotFound]
) -> tuple[Dataset, Part]:
    """Something of a dataset, with the dataset."""
    wanted = (table.id == ids.parse(kind, public_id, missing), *seen_by(tenant))
    found = session.execute(select(Dataset, table).join(table, table.dataset_id == Dataset.id).where(*wanted))
    row = found.one_or_none()
    if row is None:
        raise missing(public_id)
    return row


def newest_first(session: Session, dataset: Dataset, table: type[Part]) -> Sequence[Part]:
    """All of a kind that a dataset has."""
    return session.scalars(select(table).where(table.dataset_id == dataset.id).order_by(table.id.desc())).all()


def seen_by(tenant: str) -> tuple[ColumnElement[bool], ...]:
    """What is true of the datasets that a tenant sees."""
    return Dataset.tenant == tenant, Dataset.deleted_at.is_(None)


def list_page(session: Session, tenant: str, after: str | None, limit: int) -> Page[Dataset]:
    return newest_page(session, select(Dataset).where(*seen_by(tenant)), Dataset.id, ids.DATASET, after, limit)


def delete(session: Session, tenant: str, public_id: str) -> Dataset:
    """Nobody sees it any more, and nobody asks models about it. Retention removes what it holds."""
    dataset = get(session, tenant, public_id)
    # Whoever works on these locks them before their dataset.
    batch_work.cancel_all(session, dataset)
    dataset.deleted_at = now()
    return dataset


def with_gold(session: Session, tenant: str) -> list[Dataset]:
    """Those that have gold examples, in the order in which they were made."""
    found = select(Dataset).where(*seen_by(tenant), Dataset.gold > 0)
    return list(session.scalars(found.order_by(Dataset.id)))
