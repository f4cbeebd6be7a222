"""A task declares the columns of its dataset, and those of examples that are there already are filled anew."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from curation import columns, facets, queue_making, refilling, resuming, scoring, scoring_pages, table
from curation.dataset_task import rendered, set_task
from curation.exports import life, writer
from curation.exports.options import Options
from curation.queues import NewQueue
from curation.task_schemas import saving
from curation.views import Range, View
from schemas.database import session_scope
from schemas.errors import RequestInvalid, TaskSchemaNotFound
from schemas.states import ExportStatus, QueueStatus
from schemas.tables import Dataset, Export, Queue
from schemas.tables.base import now
from tests.integration.curation.answers import add, dataset_of
from tests.unit.curation.task_schemas.documents import TASK, task

pytestmark = pytest.mark.usefixtures("database_url")
LENGTH = "score:length"


def answer(number: int) -> str:
    """What is seen first gets the slots that the task would give to others."""
    seen = {f"n{place}": place for place in range(8)}
    return json.dumps(seen | {"name": f"c-{number}", "score": number, "verdict": {"hire": number > 3}})


@pytest.fixture
def dataset(reviewer: UUID) -> Dataset:
    """Five answers, of which nobody had said yet what they are."""
    with session_scope() as session:
        saving.create(session, "acme", reviewer, json.dumps(TASK))
        return dataset_of(session, some_model=[answer(number) for number in range(1, 6)])


def give_task(dataset: Dataset, reference: str | None) -> None:
    with session_scope() as session:
        set_task(session, session.get_one(Dataset, dataset.id), reference)


def fill(dataset: Dataset) -> None:
    refilling.run(session_scope, dataset.id, rows=2)


def one_page(dataset: Dataset) -> bool:
    with session_scope() as session:
        return refilling.advance(session, dataset.id, rows=2)


def due() -> list[UUID]:
    with session_scope() as session:
        return resuming.left_undone(session, Dataset, now() + timedelta(minutes=1))


def shown_columns(dataset: Dataset) -> list[tuple[str, str]]:
    with session_scope() as session:
        return [(one.path, one.slot) for one in columns.filled(session.get_one(Dataset, dataset.id))]


def items(dataset: Dataset, view: View, sort: str = "oldest") -> list[int]:
    with session_scope() as session:
        return [
            row.item for row in table.page(session, session.get_one(Dataset, dataset.id), view, sort, None, 50).rows
        ]


def refused(dataset: Dataset, view: View, sort: str = "oldest") -> str:
    with pytest.raises(RequestInvalid) as refusal:
        items(dataset, view, sort)
    return refusal.value.message


def test_columns_of_a_task_come_first_and_hold_the_values_that_were_there(dataset: Dataset) -> None:
    assert refused(dataset, View(ranges={"score": Range(at_least=4)})) == "`score` is no column of numbers."
    give_task(dataset, "fit")
    fill(dataset)
    seen = [(f"n{place}", f"number_{place + 2}") for place in range(7)]
    assert shown_columns(dataset) == [("verdict.hire", "text_1"), ("score", "number_1"), *seen, ("name", "text_2")]
    assert items(dataset, View(ranges={"score": Range(at_least=4)})) == [4, 5]
    assert items(dataset, View(fields={"verdict.hire": True}), "-field.score") == [5, 4]
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        named = {facet.title: [bar.label for bar in facet.bars] for facet in facets.summed_up(session, kept, View())}
        assert named["Hire"] == ["no", "yes"]
        assert "Points" in named
        assert (kept.refilled, kept.refilled_to, kept.task) == (None, None, "fit@1")
        assert [text for _, text in rendered(session, kept, answer(4))] == ["yes", "4.00"]


def test_a_dataset_that_is_of_a_task_from_the_beginning_has_nothing_to_fill(dataset: Dataset) -> None:
    with session_scope() as session:
        fresh = dataset_of(session)
        set_task(session, fresh, "fit@1")
        assert fresh.refilled is None
        add(session, fresh, "some_model", [answer(7)])
        assert [column.path for column in columns.filled(fresh)][:2] == ["verdict.hire", "score"]


def test_while_columns_are_filled_nothing_wrong_is_shown_and_what_is_right_is_found(
    dataset: Dataset, reviewer: UUID
) -> None:
    with session_scope() as session:
        begun = scoring.begin(session, session.get_one(Dataset, dataset.id), "length", reviewer).id
    scoring_pages.run(session_scope, begun)
    give_task(dataset, "fit")
    assert one_page(dataset)
    assert shown_columns(dataset) == [(LENGTH, "number_9")]
    assert items(dataset, View(fields={"score": 4})) == [4]
    assert items(dataset, View(fields={"n3": 3}, ranges={LENGTH: Range(at_least=0)})) == [1, 2, 3, 4, 5]
    assert "are being filled" in refused(dataset, View(ranges={"score": Range(1)}))
    assert "are being filled" in refused(dataset, View(), "field.score")
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        assert {facet.name for facet in facets.summed_up(session, kept, View())} == {LENGTH, "status", "model"}
        assert kept.refilled == 2
    fill(dataset)
    assert items(dataset, View(ranges={LENGTH: Range(at_least=0), "score": Range(1, 3)})) == [1, 2]


def made_and_written(queue: Queue, export: Export) -> tuple[str, str]:
    queue_making.run(session_scope, queue.id)
    writer.run(session_scope, export.id)
    with session_scope() as session:
        return session.get_one(Queue, queue.id).status, session.get_one(Export, export.id).status


def test_queues_and_exports_wait_for_the_columns_that_they_are_of(dataset: Dataset, reviewer: UUID) -> None:
    view = View(ranges={"score": Range(at_least=4)})
    give_task(dataset, "fit")
    fill(dataset)
    with session_scope() as session:
        this = session.get_one(Dataset, dataset.id)
        queue = queue_making.create(session, this, reviewer, NewQueue("Best", view), at_once=0)
        export = life.begin(session, this, reviewer, address={}, view=view, format_name="chat", options=Options())
        saving.save(session, "acme", reviewer, "fit", json.dumps(task(columns=[{"path": "score", "kind": "percent"}])))
    give_task(dataset, "fit")
    assert made_and_written(queue, export) == (QueueStatus.MAKING, ExportStatus.RUNNING)
    fill(dataset)
    assert made_and_written(queue, export) == (QueueStatus.OPEN, ExportStatus.DONE)


def test_filling_that_ends_midway_goes_on_where_it_was(dataset: Dataset) -> None:
    give_task(dataset, "fit")
    assert one_page(dataset)
    assert due() == [dataset.id]
    with session_scope() as session:
        assert resuming.left_undone(session, Dataset, now()) == []
    fill(dataset)
    fill(dataset)
    assert due() == []
    assert items(dataset, View(), "-field.score") == [5, 4, 3, 2, 1]


def test_what_comes_in_meanwhile_has_its_values_too(dataset: Dataset) -> None:
    give_task(dataset, "fit")
    assert one_page(dataset)
    with session_scope() as session:
        add(session, session.get_one(Dataset, dataset.id), "other", [answer(9)])
    fill(dataset)
    assert items(dataset, View(ranges={"score": Range(at_least=5)})) == [5, 1]


def test_another_task_meanwhile_begins_anew_and_the_same_one_does_not(dataset: Dataset, reviewer: UUID) -> None:
    give_task(dataset, "fit")
    assert one_page(dataset)
    give_task(dataset, "fit@1")
    with session_scope() as session:
        assert session.get_one(Dataset, dataset.id).refilled == 2
        saving.save(session, "acme", reviewer, "fit", json.dumps(task(columns=[{"path": "score", "kind": "percent"}])))
    give_task(dataset, "fit")
    with session_scope() as session:
        assert session.get_one(Dataset, dataset.id).refilled == 0
    fill(dataset)
    assert shown_columns(dataset)[0] == ("score", "number_1")
    assert ("verdict.hire", "text_2") in shown_columns(dataset)


def test_without_a_task_what_comes_first_has_the_slots_again(dataset: Dataset) -> None:
    before = shown_columns(dataset)
    give_task(dataset, "fit")
    fill(dataset)
    give_task(dataset, None)
    fill(dataset)
    assert shown_columns(dataset) == before
    assert items(dataset, View(ranges={"n7": Range(7, 8)})) == [1, 2, 3, 4, 5]


def test_a_deleted_dataset_is_filled_no_further(dataset: Dataset) -> None:
    give_task(dataset, "fit")
    with session_scope() as session:
        session.get_one(Dataset, dataset.id).deleted_at = now()
    assert not one_page(dataset)
    assert due() == []


@pytest.mark.parametrize("reference", ["unheard", "fit@2", "fit@x"])
def test_a_task_that_does_not_exist_changes_nothing(dataset: Dataset, reference: str) -> None:
    before: Any = shown_columns(dataset)
    with pytest.raises((TaskSchemaNotFound, RequestInvalid)):
        give_task(dataset, reference)
    assert shown_columns(dataset) == before
