"""What a search finds stands in its place, where that is little."""

import pytest
from sqlalchemy import Select, event, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import ORMExecuteState, Session

from curation import searching, table
from curation.views import View
from schemas import database
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


def test_what_is_found_often_stays_a_search(session: Session, dataset: Dataset) -> None:
    assert searching.narrowed(session, dataset, View(search="nurse"), few=2) == View(search="nurse")
    assert len(searching.narrowed(session, dataset, View(search='"nurse in oslo"'), few=2).found or ()) == 2


@pytest.mark.parametrize("autocommit", [True, False])
def test_it_goes_by_an_index_and_other_statements_are_planned_as_ever(
    session: Session, dataset: Dataset, autocommit: bool
) -> None:
    session.commit()
    settings = []
    engine = database.engine().execution_options(isolation_level="AUTOCOMMIT") if autocommit else database.engine()
    with Session(engine) as reading:

        def note(orm: ORMExecuteState) -> None:
            if isinstance(orm.statement, Select):
                settings.append(reading.connection().exec_driver_sql("SHOW enable_seqscan").scalar())

        event.listen(reading, "do_orm_execute", note)
        searching.narrowed(reading, dataset, View(search="nurse"))
        assert reading.scalar(text("SHOW enable_seqscan")) == "on"
    assert settings == ["off"]


def test_a_search_that_fails_leaves_the_connection_as_it_was(session: Session, dataset: Dataset) -> None:
    session.commit()
    with Session(database.engine().execution_options(isolation_level="AUTOCOMMIT")) as reading:
        with pytest.raises(DataError):
            searching.narrowed(reading, dataset, View(search="nurse"), few=2**63)
        assert reading.scalar(text("SHOW enable_seqscan")) == "on"
