"""Runs and judgings come to their end, whatever is in their way."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from curation import batch_parts, batch_work, datasets, judging_reading, resuming, run_parts
from curation.batch_making import Asking
from curation.batch_parts import Step
from curation.retention import purge_datasets
from inference import intake
from schemas import ids
from schemas.database import session_scope
from schemas.ids import new_id
from schemas.states import BatchStatus, RunStatus
from schemas.tables import ApiKey, Dataset, File, Item, Judging, JudgingPart, Run
from tests.integration.curation.batch_work import due, fresh_work
from tests.integration.curation.judging import answered
from tests.integration.curation.judging import begin as begin_judging
from tests.integration.curation.runs import (
    advance,
    begin_run,
    make_batches,
    with_items,
    work_off,
)
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, batch, chat_line, lines_of

pytestmark = pytest.mark.usefixtures("database_url")
CHAT = "/v1/chat/completions"


def allow(**limits: int) -> None:
    with session_scope() as session:
        session.execute(update(ApiKey).values(**limits))


def waits_for(run_id: UUID) -> str:
    return fresh_work(Run, run_id).waits_for or ""


def go_on_until_it_ends(run_id: UUID) -> Run:
    for _ in range(12):
        work_off(make_batches(run_id))
        advance(run_id)
        if fresh_work(Run, run_id).ended_at:
            break
    return fresh_work(Run, run_id)


@pytest.mark.parametrize("allowed", [1, 2, 4])
def test_a_run_that_a_quota_does_not_take_at_once_asks_all_its_items_nevertheless(reviewer: UUID, allowed: int) -> None:
    allow(pending_requests=allowed)
    run_id = begin_run(with_items(6), reviewer)
    make_batches(run_id)
    assert "allowed" in waits_for(run_id)
    done = go_on_until_it_ends(run_id)
    assert (done.status, done.total, done.completed, done.problems) == (RunStatus.DONE, 6, 6, [])


def test_a_quota_that_is_lowered_below_a_part_holds_it_up_and_loses_nothing(reviewer: UUID) -> None:
    run_id = begin_run(with_items(6), reviewer)
    allow(pending_requests=2)
    assert make_batches(run_id) == []
    assert "3 more do not fit" in waits_for(run_id)
    allow(pending_requests=3)
    assert go_on_until_it_ends(run_id).completed == 6


def test_what_is_not_validated_yet_counts_with_all_its_requests(reviewer: UUID) -> None:
    run_id = begin_run(with_items(6), reviewer)
    allow(pending_requests=4)
    assert run_parts.advance(session_scope, run_id).validate
    assert not run_parts.advance(session_scope, run_id).validate
    assert "4 are allowed" in waits_for(run_id)


def test_a_batch_whose_room_others_have_taken_is_made_again(reviewer: UUID) -> None:
    run_id = begin_run(with_items(3), reviewer)
    (made,) = run_parts.advance(session_scope, run_id).validate
    allow(pending_requests=2)
    with session_scope() as session:
        assert intake.take_in(session, made) == BatchStatus.FAILED
    assert make_batches(run_id) == []
    assert "2 are allowed" in waits_for(run_id)
    allow(pending_requests=3)
    done = go_on_until_it_ends(run_id)
    assert (done.completed, done.problems, made in done.batch_ids) == (3, [], False)


def step_that_asks(run_id: UUID, pages: Callable[[], Iterator[Sequence[bytes]]]) -> Step:
    def ask(*_: Any) -> Asking:
        return Asking(CHAT, "A run", pages())

    return batch_parts.advance(session_scope, Run, run_id, ask, lambda *_: Step())


def request(number: int) -> bytes:
    return as_jsonl([chat_line(str(number), model=MODEL)])


def cancel_without_waiting(table: type[Run | Judging], work_id: UUID) -> None:
    with session_scope() as session:
        session.execute(text("SET LOCAL lock_timeout = '3s'"))
        batch_work.cancel(session, session.get_one(table, work_id))


def test_a_run_can_be_cancelled_while_its_file_is_written(reviewer: UUID) -> None:
    run_id = begin_run(with_items(3), reviewer)

    def pages() -> Iterator[Sequence[bytes]]:
        yield [request(1)]
        cancel_without_waiting(Run, run_id)
        yield [request(2)]

    assert step_that_asks(run_id, pages).more
    advance(run_id)
    run = fresh_work(Run, run_id)
    assert (run.status, run.batch_ids, run.problems) == (RunStatus.CANCELLED, [], [])
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(File).where(File.purpose == "batch")) == 0


def test_a_judging_can_be_cancelled_while_its_file_is_written(reviewer: UUID) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["same", "a"], small=["same", "b"])
    judging_id = begin_judging(dataset, reviewer)

    def ask(session: Session, _: Dataset, judging: Judging, part: JudgingPart) -> Asking:
        def pages() -> Iterator[Sequence[bytes]]:
            judging_reading.save(session, [judging_reading.verdict(judging, 1, (new_id(), new_id()))])
            cancel_without_waiting(Judging, judging_id)
            yield [request(1)]

        return Asking(CHAT, "A judging", pages())

    assert batch_parts.advance(session_scope, Judging, judging_id, ask, lambda *_: Step()).more
    assert fresh_work(Judging, judging_id).batch_ids == []


def test_nobody_else_writes_a_file_that_is_being_written(reviewer: UUID) -> None:
    run_id = begin_run(with_items(3), reviewer)

    def pages() -> Iterator[Sequence[bytes]]:
        assert advance(run_id) == Step()
        yield [request(1)]

    assert len(step_that_asks(run_id, pages).validate) == 1
    assert len(fresh_work(Run, run_id).batch_ids) == 1


def test_a_file_that_found_no_room_is_written_again_when_there_is_some(reviewer: UUID) -> None:
    run_id = begin_run(with_items(3), reviewer)
    written = []

    def pages() -> Iterator[Sequence[bytes]]:
        written.append(1)
        yield [request(1)]

    allow(stored_bytes=1)
    for _ in range(3):
        assert not step_that_asks(run_id, pages).more
        assert "do not fit" in waits_for(run_id)
    assert len(written) == 1
    allow(stored_bytes=100_000)
    assert step_that_asks(run_id, pages).validate
    assert len(written) == 2


def test_a_run_that_nobody_gets_any_further_with_ends_and_says_so(reviewer: UUID) -> None:
    run_id = begin_run(with_items(6), reviewer)
    (made,) = run_parts.advance(session_scope, run_id).validate

    def pages() -> Iterator[Sequence[bytes]]:
        raise RuntimeError

    for _ in range(resuming.MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            step_that_asks(run_id, pages)
    assert advance(run_id).finalise == [made]
    run = fresh_work(Run, run_id)
    assert (run.status, run.problems, due(Run)) == (RunStatus.BROKEN, [resuming.NO_FURTHER], [])
    assert batch(made).status == BatchStatus.CANCELLED


def test_a_step_that_fails_is_not_begun_again_at_once(reviewer: UUID) -> None:
    run_id = begin_run(with_items(3), reviewer)
    work_off(make_batches(run_id))
    assert due(Run, timedelta(0)) == [run_id]

    def read(*_: Any) -> Step:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        batch_parts.advance(session_scope, Run, run_id, read, read)
    assert due(Run, timedelta(0)) == []
    assert due(Run) == [run_id]


def test_a_run_that_only_waits_is_never_given_up(reviewer: UUID) -> None:
    run_id = begin_run(with_items(3), reviewer)
    allow(pending_requests=2)
    for _ in range(2 * resuming.MOST_ATTEMPTS):
        assert not advance(run_id).more
    assert fresh_work(Run, run_id).status == RunStatus.RUNNING


@pytest.mark.parametrize(("others", "levels"), [(0, 251), (2, 251), (2, 198)])
def test_an_item_that_can_not_be_passed_on_is_told_of_and_holds_nobody_up(
    reviewer: UUID, others: int, levels: int
) -> None:
    dataset = with_items(1 + others)
    deep = '{"messages": [{"role": "user", "content": ' + "[" * levels + "]" * levels + "}]}"
    with session_scope() as session:
        session.execute(update(Item).where(Item.number == 1).values(request=deep))
    done = go_on_until_it_ends(begin_run(dataset, reviewer))
    assert (done.status, done.total, done.completed) == (RunStatus.DONE, others, others)
    (problem,) = done.problems
    assert "nested too deeply" in problem
    assert problem.endswith(": 1.")
    assert [[line["custom_id"] for line in lines_of(batch(one).input_file_id)] for one in done.batch_ids] == (
        [["2", "3"]] if others else []
    )


def test_a_dataset_that_is_deleted_stops_what_is_asked_about_it_before_it_goes(reviewer: UUID) -> None:
    dataset = with_items(4)
    run_id = begin_run(dataset, reviewer)
    made = make_batches(run_id)
    with session_scope() as session:
        datasets.delete(session, "acme", ids.show(ids.DATASET, dataset.id))
    assert purge_datasets(session_scope) == 0
    assert due(Run) == [run_id]
    advance(run_id)
    assert {batch(one).status for one in made} == {BatchStatus.CANCELLED}
    for _ in range(2):
        advance(run_id)
    assert purge_datasets(session_scope) == 1
