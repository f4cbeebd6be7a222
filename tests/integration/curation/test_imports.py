"""A batch's answers become examples."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from curation import datasets, imports, resuming, table
from curation.table import Sort
from curation.views import View
from inference import batches
from schemas.database import session_scope
from schemas.errors import ContentGone, RequestInvalid
from schemas.states import ExampleStatus, ImportStatus
from schemas.tables import Batch, Dataset, Import, Item, Output
from schemas.tables.base import now
from tests.integration.curation.conftest import import_batch, run_batch
from tests.integration.inference.batch_fixtures import as_jsonl, batch, chat_line, submit

pytestmark = pytest.mark.usefixtures("database_url")


def new_dataset() -> Dataset:
    with session_scope() as session:
        return datasets.create(session, "acme", "Evaluations")


def test_every_answer_is_an_example_with_what_was_asked_and_said(dataset: Dataset) -> None:
    with session_scope() as session:
        rows = table.page(session, dataset, View(), Sort.OLDEST, None, 50).rows
        items = session.scalars(select(Item).order_by(Item.number)).all()
    assert [row.asked for row in rows] == [f"Is candidate {n} a fit for nursing?" for n in range(10)]
    assert [row.item for row in rows] == list(range(1, 11)) == [item.number for item in items]
    assert all(row.output and row.example.status == ExampleStatus.NEEDS_REVIEW for row in rows)
    assert [item.custom_id for item in items] == [f"c-{n}" for n in range(10)]
    assert all('"messages"' in item.request for item in items)


def test_an_import_that_ends_midway_goes_on_where_it_was() -> None:
    dataset, batch_id = new_dataset(), run_batch([f"text {n}" for n in range(10)])
    with session_scope() as session:
        this = imports.begin(session, dataset, batch(batch_id)).id
    with session_scope() as session:
        assert imports.advance(session, this, rows=3)
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(Output)) == 3
        assert resuming.left_undone(session, Import, now()) == []
        assert resuming.left_undone(session, Import, now() + timedelta(minutes=1)) == [this]
    imports.run(session_scope, this)
    imports.run(session_scope, this)
    with session_scope() as session:
        assert session.scalars(select(Output.line).order_by(Output.item)).all() == list(range(1, 11))
        assert session.get_one(Import, this).imported == 10
        assert resuming.left_undone(session, Import, now() + timedelta(minutes=1)) == []


def test_the_same_batch_is_taken_once_and_another_one_is_added(dataset: Dataset) -> None:
    with session_scope() as session:
        first = session.scalars(select(Import)).one()
    assert import_batch(dataset, first.batch_id) == first.id
    import_batch(dataset, run_batch(["Another?"]))
    with session_scope() as session:
        assert session.scalars(select(Output.item).order_by(Output.item)).all() == list(range(1, 12))


def test_what_failed_is_no_example() -> None:
    dataset = new_dataset()
    import_batch(dataset, run_batch(["fine", "word " * 400], max_tokens="100"))
    with session_scope() as session:
        taken = session.get_one(Dataset, dataset.id)
    assert (taken.examples, taken.needs_review, taken.next_item) == (1, 1, 2)


def test_text_that_can_not_be_stored_is_replaced() -> None:
    dataset = new_dataset()
    import_batch(dataset, run_batch(["nul \0 and \\u0000 and tab \t and line\nand back\\slash"]))
    with session_scope() as session:
        (row,) = table.page(session, dataset, View(), Sort.OLDEST, None, 5).rows
    assert row.asked == "nul \ufffd and \\u0000 and tab \t and line\nand back\\slash"


def test_a_batch_that_runs_or_is_no_longer_kept_is_refused() -> None:
    dataset = new_dataset()
    running = submit(as_jsonl([chat_line("a")]))
    ended = run_batch(["x"])
    with session_scope() as session:
        session.execute(update(Batch).where(Batch.id == ended).values(results_purged_at=now()))
    with session_scope() as session, pytest.raises(RequestInvalid):
        imports.begin(session, dataset, batch(running))
    with session_scope() as session, pytest.raises(ContentGone):
        imports.begin(session, dataset, batch(ended))


def test_an_import_whose_source_goes_away_says_so() -> None:
    dataset, batch_id = new_dataset(), run_batch(["x"])
    with session_scope() as session:
        this = imports.begin(session, dataset, batch(batch_id)).id
        session.execute(update(Batch).where(Batch.id == batch_id).values(results_purged_at=now()))
    imports.run(session_scope, this)
    with session_scope() as session:
        assert session.get_one(Import, this).status == ImportStatus.BROKEN
        assert batches.get(session, "acme", f"batch_{batch_id.hex}")
