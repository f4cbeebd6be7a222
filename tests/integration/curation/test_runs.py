"""Models are run on the items of a dataset, and what they say becomes examples of the same items."""

from contextlib import nullcontext
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from curation import batch_work, datasets, imports, resuming, run_parts, runs
from curation.retention import purge_datasets
from curation.runs import NewRun
from curation.views import View
from inference import batches, finaliser, intake, quotas, retry
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict, ModelNotFound, RequestInvalid, RunNotFound
from schemas.states import BatchStatus, ExampleStatus, ImportStatus, RunStatus
from schemas.tables import ApiKey, Batch, Dataset, Example, Import, Model, Output, Run, RunItem, RunPart
from tests.integration.curation.batch_work import cancel, due, fresh_work
from tests.integration.curation.conftest import import_batch, run_batch
from tests.integration.curation.runs import (
    advance,
    begin_run,
    begin_upload,
    fresh,
    make_batches,
    new_dataset,
    run_to_its_end,
    upload,
    with_items,
    work_off,
)
from tests.integration.inference.batch_fixtures import MODEL, OTHER_MODEL, as_jsonl, batch, chat_line, lines_of

pytestmark = pytest.mark.usefixtures("database_url")


def outputs() -> list[tuple[str, int, str]]:
    with session_scope() as session:
        query = select(Output.model, Output.item, Output.asked).order_by(Output.model, Output.item)
        return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def test_a_run_is_cut_into_batches_and_each_answer_finds_its_item(reviewer: UUID) -> None:
    dataset = with_items(17)
    run_id = begin_run(dataset, reviewer, lines=5)
    made = make_batches(run_id)
    assert [batch(batch_id).total for batch_id in made] == [5, 5, 5, 2]
    work_off(made)
    advance(run_id)
    advance(run_id)
    assert outputs() == [(MODEL, n, f"Question {n}?") for n in range(1, 18)]
    with session_scope() as session:
        run = session.get_one(Run, run_id)
        assert runs.taken_in(session, [run]) == {run_id: 17}
    assert (run.status, run.total, run.completed, run.failed) == (RunStatus.DONE, 17, 17, 0)
    taken = fresh(dataset)
    assert (taken.next_item, taken.examples, taken.needs_review) == (18, 17, 17)


def test_several_models_answer_the_same_items(reviewer: UUID) -> None:
    dataset = with_items(4)
    run = run_to_its_end(begin_run(dataset, reviewer, [MODEL, OTHER_MODEL]))
    assert (run.total, run.completed) == (8, 8)
    assert [(model, item) for model, item, _ in outputs()] == [
        (model, item) for model in sorted((MODEL, OTHER_MODEL)) for item in range(1, 5)
    ]


def test_a_run_changes_the_parameters_of_the_items(reviewer: UUID) -> None:
    dataset = new_dataset()
    upload(dataset, as_jsonl([chat_line("a", "Hire?", temperature=1, max_tokens=500)]))
    (made,) = make_batches(begin_run(dataset, reviewer, [OTHER_MODEL], temperature=0, max_tokens=7))
    (line,) = lines_of(batch(made).input_file_id)
    assert line["custom_id"] == "1"
    assert line["body"] == {
        "model": OTHER_MODEL,
        "messages": [{"role": "user", "content": "Hire?"}],
        "temperature": 0,
        "max_tokens": 7,
    }


def test_items_of_several_endpoints_are_asked_each_at_its_own(reviewer: UUID) -> None:
    dataset = new_dataset()
    lines = [{"body": {"prompt": f"p {n}"}, "url": "/v1/completions"} for n in range(2)]
    upload(dataset, as_jsonl([chat_line("a"), *lines, chat_line("b")]))
    made = make_batches(begin_run(dataset, reviewer, lines=10))
    assert [(batch(one).endpoint, batch(one).total) for one in made] == [
        ("/v1/chat/completions", 2),
        ("/v1/completions", 2),
    ]


def test_items_of_a_batch_that_was_reviewed_can_be_asked_again(reviewer: UUID) -> None:
    dataset = new_dataset()
    import_batch(dataset, run_batch(["One?", "Two?"]))
    run_to_its_end(begin_run(dataset, reviewer, [OTHER_MODEL]))
    assert [(model, item) for model, item, _ in outputs()] == [
        (OTHER_MODEL, 1), (OTHER_MODEL, 2), (MODEL, 1), (MODEL, 2),
    ]  # fmt: skip


def test_what_fails_is_counted_and_is_no_example(reviewer: UUID) -> None:
    dataset = new_dataset()
    upload(dataset, as_jsonl([{"prompt": "fine"}, {"prompt": "word " * 400}]))
    run = run_to_its_end(begin_run(dataset, reviewer), max_tokens="100")
    assert (run.status, run.completed, run.failed) == (RunStatus.DONE, 1, 1)
    assert fresh(dataset).examples == 1


def test_progress_is_over_all_batches_while_they_run(reviewer: UUID) -> None:
    dataset = with_items(6)
    run_id = begin_run(dataset, reviewer)
    first, second = make_batches(run_id)
    with session_scope() as session:
        run = session.get_one(Run, run_id)
        assert batch_work.progress(session, [run])[run_id].completed == 0
    work_off([first])
    advance(run_id)
    with session_scope() as session:
        counts = batch_work.progress(session, [session.get_one(Run, run_id)])[run_id]
    assert (counts.total, counts.completed, counts.failed) == (6, 6, 0)
    assert fresh(dataset).examples == 3
    finaliser.finalise(second)
    assert due(Run) == [run_id]


def test_any_step_may_be_lost_or_doubled(reviewer: UUID) -> None:
    dataset = with_items(5)
    run_id = begin_run(dataset, reviewer)
    assert due(Run, timedelta(0)) == []
    assert due(Run) == [run_id]
    made = make_batches(run_id)
    assert make_batches(run_id) == made
    assert due(Run) == []
    work_off(made)
    assert due(Run) == [run_id]
    begun = run_parts.advance(session_scope, run_id).imports
    # Nobody runs the imports that it told of; they are due by themselves, and the run waits for them.
    assert len(begun) == 2
    assert due(Run) == []
    advance(run_id)
    for import_id in begun:
        imports.run(session_scope, import_id)
        imports.run(session_scope, import_id)
    assert due(Run) == [run_id]
    advance(run_id)
    advance(run_id)
    assert due(Run) == []
    assert len(outputs()) == 5


def test_a_batch_that_ends_while_it_is_looked_at_is_taken_in_as_it_is_then(reviewer: UUID) -> None:
    run_id = begin_run(with_items(2), reviewer)
    (made,) = make_batches(run_id)
    with session_scope() as session:
        seen = session.get_one(Batch, made)
        work_off([made])
        assert seen.completed == 0
        assert len(run_parts.advance(lambda: nullcontext(session), run_id).imports) == 1


def test_cancelling_keeps_what_is_answered(reviewer: UUID) -> None:
    dataset = with_items(7)
    run_id = begin_run(dataset, reviewer)
    assert advance(run_id).more
    (done,) = fresh_work(Run, run_id).batch_ids
    work_off([done])
    cancel(Run, run_id)
    assert due(Run) == [run_id]
    advance(run_id)
    advance(run_id)
    with session_scope() as session:
        run = session.get_one(Run, run_id)
        assert batch_work.cancel(session, run) is run
    assert (run.status, run.completed, run.total) == (RunStatus.CANCELLED, 3, 7)
    assert fresh(dataset).examples == 3
    assert run.batch_ids == [done]


def test_cancelling_stops_the_batches_that_run(reviewer: UUID) -> None:
    run_id = begin_run(with_items(4), reviewer)
    made = make_batches(run_id)
    cancel(Run, run_id)
    advance(run_id)
    assert {batch(one).status for one in made} == {BatchStatus.CANCELLED}
    advance(run_id)
    with session_scope() as session:
        assert session.get_one(Run, run_id).status == RunStatus.CANCELLED


def test_a_run_waits_while_a_quota_is_full_and_says_so(reviewer: UUID) -> None:
    dataset = with_items(6)
    with session_scope() as session:
        session.execute(update(ApiKey).values(pending_requests=3))
    run_id = begin_run(dataset, reviewer)
    (first,) = make_batches(run_id)
    with session_scope() as session:
        assert "3 are allowed" in (session.get_one(Run, run_id).waits_for or "")
        stored = session.scalar(select(func.count()).select_from(Batch))
    assert stored == 1
    work_off([first])
    assert len(make_batches(run_id)) == 2
    assert fresh(dataset).examples == 3
    with session_scope() as session:
        assert session.get_one(Run, run_id).waits_for is None


def test_a_model_that_is_served_no_more_is_told_of(reviewer: UUID) -> None:
    dataset = with_items(2)
    run_id = begin_run(dataset, reviewer, [OTHER_MODEL])
    with session_scope() as session:
        session.execute(update(Model).values(served=False))
    make_batches(run_id)
    advance(run_id)
    run = fresh_work(Run, run_id)
    assert "not served" in run.problems[0]
    assert (run.status, run.completed, run.failed) == (RunStatus.DONE, 0, 0)


def test_what_can_not_be_run_is_refused(reviewer: UUID) -> None:
    empty, dataset = new_dataset(), with_items(1)

    def refused(kind: type[Exception], *models: str, on: Dataset = dataset, window: str = "7d") -> None:
        with session_scope() as session, pytest.raises(kind):
            runs.create(session, session.get_one(Dataset, on.id), reviewer, NewRun(models, {}, window))

    refused(RequestInvalid)
    refused(RequestInvalid, MODEL, MODEL)
    refused(RequestInvalid, *(f"m-{n}" for n in range(21)))
    refused(RequestInvalid, MODEL, window="soon")
    refused(ModelNotFound, "no-such-model")
    refused(Conflict, MODEL, on=empty)
    begin_upload(dataset, b'{"prompt": "x"}\n')
    refused(Conflict, MODEL)
    with session_scope() as session, pytest.raises(RunNotFound):
        runs.get(session, "acme", "run_5")


def test_a_batch_of_a_run_that_somebody_takes_in_by_hand_answers_the_items_too(reviewer: UUID) -> None:
    dataset = with_items(2)
    run_id = begin_run(dataset, reviewer)
    (made,) = make_batches(run_id)
    work_off([made])
    import_batch(dataset, made)
    advance(run_id)
    taken = fresh(dataset)
    assert (taken.next_item, taken.examples) == (3, 2)


def test_a_run_that_waits_takes_in_what_is_answered_meanwhile(reviewer: UUID) -> None:
    dataset = with_items(6)
    with session_scope() as session:
        session.execute(update(ApiKey).values(stored_bytes=800))
    run_id = begin_run(dataset, reviewer)
    (first,) = make_batches(run_id)
    work_off([first])
    advance(run_id)
    assert fresh(dataset).examples == 3
    with session_scope() as session:
        assert session.get_one(Run, run_id).waits_for


def with_answers(wanted: dict[int, str], others: int = 0) -> Dataset:
    """Items with known answers, by their numbers, and more items that nobody has answered."""
    dataset = new_dataset()
    lines = [{"prompt": f"Question {n}?", "completion": said} for n, said in wanted.items()]
    upload(dataset, as_jsonl([*lines, *({"prompt": f"Open {n}?"} for n in range(others))]))
    return dataset


def begin_on(dataset: Dataset, key_id: UUID, view: View, lines: int = 3, **address: str) -> UUID:
    with session_scope() as session:
        mine = session.get_one(Dataset, dataset.id)
        new = NewRun([OTHER_MODEL], view=view, address=address)
        return runs.create(session, mine, key_id, new, lines=lines).id


def test_a_run_of_a_view_asks_the_items_that_have_an_example_in_it(reviewer: UUID) -> None:
    dataset = with_answers({n: "good" if n % 3 else "bad" for n in range(1, 13)}, others=2)
    run_id = begin_on(dataset, reviewer, View(search="good"), q="good")
    made = make_batches(run_id)
    assert [[line["custom_id"] for line in lines_of(batch(one).input_file_id)] for one in made] == [
        ["1", "2", "4"], ["5", "7", "8"], ["10", "11"],
    ]  # fmt: skip
    work_off(made)
    advance(run_id)
    advance(run_id)
    with session_scope() as session:
        run = session.get_one(Run, run_id)
    assert (run.status, run.total, run.completed, run.items, run.view) == (RunStatus.DONE, 8, 8, 8, {"q": "good"})
    assert [item for model, item, _ in outputs() if model == OTHER_MODEL] == [1, 2, 4, 5, 7, 8, 10, 11]


def test_what_a_run_asks_is_settled_when_it_begins(reviewer: UUID) -> None:
    dataset = with_answers({1: "good", 2: "bad", 3: "good"})
    run_id = begin_on(dataset, reviewer, View(status=ExampleStatus.NEEDS_REVIEW, search="good"))
    with session_scope() as session:
        session.execute(update(Example).values(status=ExampleStatus.APPROVED))
    (made,) = make_batches(run_id)
    assert [line["custom_id"] for line in lines_of(batch(made).input_file_id)] == ["1", "3"]


def test_an_item_is_asked_once_however_many_of_its_answers_a_view_holds(reviewer: UUID) -> None:
    dataset = with_answers({1: "good", 2: "good"})
    run_to_its_end(begin_run(dataset, reviewer))
    with session_scope() as session:
        kept = session.get_one(Dataset, dataset.id)
        view = View(status=ExampleStatus.NEEDS_REVIEW)
        assert (kept.examples, runs.count_items(session, kept, view), runs.count_items(session, kept, View())) == (
            4,
            2,
            2,
        )
    (made,) = make_batches(begin_on(dataset, reviewer, view))
    assert batch(made).total == 2


def test_a_run_of_a_view_that_holds_nothing_is_refused(reviewer: UUID) -> None:
    dataset = with_answers({1: "good"})
    with pytest.raises(RequestInvalid, match="no item to ask"):
        begin_on(dataset, reviewer, View(search="unheard"))
    with session_scope() as session:
        assert datasets.newest_first(session, dataset, Run) == []


def test_a_deleted_dataset_leaves_none_of_what_its_runs_were_to_ask(reviewer: UUID) -> None:
    dataset = with_answers({1: "good"})
    run_id = begin_on(dataset, reviewer, View(search="good"))
    with session_scope() as session:
        datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    advance(run_id)
    purge_datasets(session_scope)
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(RunItem)) == 0


def test_what_is_tried_again_comes_home_to_its_items(reviewer: UUID) -> None:
    dataset = with_items(3)
    run_id = begin_run(dataset, reviewer)
    (made,) = make_batches(run_id)
    for _ in range(2):
        with session_scope() as session:
            batches.cancel(session, "acme", ids.show(ids.BATCH, made))
        finaliser.finalise(made)
        with session_scope() as session:
            limits = quotas.limits_of(session.get_one(ApiKey, reviewer))
            made = retry.retry(session, "acme", ids.show(ids.BATCH, made), reviewer, limits).id
        with session_scope() as session:
            intake.take_in(session, made)
    work_off([made])
    import_batch(dataset, made)
    assert [item for _, item, _ in outputs()] == [1, 2, 3]
    assert fresh(dataset).items == 3


def test_a_run_says_why_an_answer_did_not_come_in(reviewer: UUID) -> None:
    dataset = with_items(2)
    run_id = begin_run(dataset, reviewer)
    work_off(make_batches(run_id))
    (import_id,) = run_parts.advance(session_scope, run_id).imports
    with session_scope() as session:
        resuming.end(session.get_one(Import, import_id), ImportStatus.BROKEN)
        session.get_one(Import, import_id).problem = "It broke."
    advance(run_id)
    with session_scope() as session:
        assert session.scalars(select(RunPart.problem)).all() == ["It broke."]
        assert session.get_one(Run, run_id).status == RunStatus.DONE
