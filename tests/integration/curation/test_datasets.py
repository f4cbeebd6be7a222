"""Datasets come, are seen by their tenant alone, and go with all that is in them."""

from uuid import UUID

import pytest
from sqlalchemy import func, select

from curation import datasets
from curation.retention import purge_datasets
from schemas import ids
from schemas.database import session_scope
from schemas.errors import CursorUnknown, DatasetNotFound, RequestInvalid
from schemas.tables import Base, Dataset
from tests.integration.curation.changing import change

CURATED = ("datasets", "items", "outputs", "facets", "examples", "change_sets", "changes", "imports")


def test_a_deleted_dataset_is_seen_by_nobody_and_removed_by_the_purge(dataset: Dataset, reviewer: UUID) -> None:
    public_id = ids.show(ids.DATASET, dataset.id)
    change(dataset, reviewer, gold=True)
    with session_scope() as session:
        kept = datasets.create(session, "acme", "Another")
    with session_scope() as session:
        datasets.delete(session, "acme", public_id)
    with session_scope() as session:
        assert [one.id for one in datasets.list_page(session, "acme", None, 10).items] == [kept.id]
        with pytest.raises(DatasetNotFound):
            datasets.get(session, "acme", public_id)
    assert purge_datasets(session_scope) == 1
    assert purge_datasets(session_scope) == 0
    with session_scope() as session:
        left = {name: session.scalar(select(func.count()).select_from(Base.metadata.tables[name])) for name in CURATED}
    assert left == dict.fromkeys(CURATED, 0) | {"datasets": 1}


def test_a_dataset_of_another_tenant_is_not_found(dataset: Dataset) -> None:
    with session_scope() as session, pytest.raises(DatasetNotFound):
        datasets.get(session, "other", ids.show(ids.DATASET, dataset.id))


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_says_something_and_is_short(database_url: str, name: str) -> None:
    with session_scope() as session, pytest.raises(RequestInvalid):
        datasets.create(session, "acme", name)


def test_pages_of_datasets_are_the_newest_first(database_url: str) -> None:
    with session_scope() as session:
        made = [datasets.create(session, "acme", f"dataset {n}").id for n in range(5)]
    with session_scope() as session:
        first = datasets.list_page(session, "acme", None, 3)
        second = datasets.list_page(session, "acme", ids.show(ids.DATASET, first.items[-1].id), 3)
    assert [one.id for one in [*first.items, *second.items]] == made[::-1]
    assert (first.has_more, second.has_more) == (True, False)
    with session_scope() as session, pytest.raises(CursorUnknown):
        datasets.list_page(session, "others", ids.show(ids.DATASET, made[0]), 3)
