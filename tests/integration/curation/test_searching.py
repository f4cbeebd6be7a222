"""What a search finds stands in its place, where that is little."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from curation import searching, table
from curation.views import View
from schemas.states import ExampleStatus
from schemas.tables import Dataset
from tests.integration.curation.answers import dataset_of

SAID = ["a nurse in oslo", "a nurse from oslo", "oslo has one nurse in oslo", "nothing of the kind"]
SEARCHES = ("nurse", '"nurse in oslo"', "nurse -from", "nurse or kind", "surgeon", '"oslo nurse"')


@pytest.fixture
def dataset(session: Session) -> Dataset:
    dataset_of(session, some_model=SAID)
    return dataset_of(session, some_model=SAID)


def items(session: Session, dataset: Dataset, view: View) -> list[int]:
    return [row.item for row in table.page(session, dataset, view, "newest", None, 10).rows]


@pytest.mark.parametrize("search", SEARCHES)
def test_what_is_found_is_what_the_search_finds(session: Session, dataset: Dataset, search: str) -> None:
    view = View(search=search, status=ExampleStatus.NEEDS_REVIEW)
    seen = searching.narrowed(session, dataset, view)
    assert (seen.search, seen.status) == ("", ExampleStatus.NEEDS_REVIEW)
    assert items(session, dataset, seen) == items(session, dataset, view)
    assert table.count(session, dataset, seen) == table.count(session, dataset, view)


def test_what_is_found_often_stays_a_search(
    session: Session, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "FEW", 2)
    assert searching.narrowed(session, dataset, View(search="nurse")) == View(search="nurse")
    assert len(searching.narrowed(session, dataset, View(search='"nurse in oslo"')).found or ()) == 2


def test_other_statements_are_planned_as_ever(session: Session, dataset: Dataset) -> None:
    searching.narrowed(session, dataset, View(search="nurse"))
    assert session.scalar(text("SHOW enable_seqscan")) == "on"
