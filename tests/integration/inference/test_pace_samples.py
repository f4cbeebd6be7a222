"""What the sweep notes of running batches, and what is told from it."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from cli.processes import wait_until
from inference import batches, finaliser, pace_samples
from inference.pace import Pace
from schemas import ids
from schemas.database import session_scope
from schemas.tables import Batch, Chunk, PaceSample
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import as_jsonl, batch, chat_line, progress, submit, worker

pytestmark = pytest.mark.usefixtures("database_url")


def take() -> None:
    with session_scope() as session:
        pace_samples.take(session)


def age(seconds: float) -> None:
    """As if what is noted had been noted earlier."""
    with session_scope() as session:
        session.execute(update(PaceSample).values(moment=PaceSample.moment - timedelta(seconds=seconds)))


def answer(batch_id: UUID, finished: int) -> None:
    with session_scope() as session:
        values = {"completed": finished, "input_tokens": 10 * finished, "busy_seconds": 2.0 * finished}
        first = update(Chunk).where(Chunk.batch_id == batch_id, Chunk.number == 0)
        session.execute(first.values(longest_seconds=3.0, **values))


def kept(batch_id: UUID) -> list[int]:
    with session_scope() as session:
        samples = session.query(PaceSample).filter_by(batch_id=batch_id).order_by(PaceSample.number)
        return [sample.number for sample in samples]


def pace_of(batch_id: UUID) -> Pace | None:
    with session_scope() as session:
        return batches.get_with_progress(session, "acme", ids.show(ids.BATCH, batch_id))[2]


def submit_requests(count: int = 100, **wanted: object) -> UUID:
    return submit(as_jsonl([chat_line(f"c-{n}", f"Candidate {n}") for n in range(count)]), **wanted)


def test_each_running_batch_has_one_sample_for_each_sweep_and_none_once_it_runs_no_more() -> None:
    first, second, unchecked = submit_requests(), submit_requests(), submit_requests(validate=False)
    for finished in (0, 5, 9):
        answer(first, finished)
        take()
        age(5)
    # A batch that waits for a worker needs no more than its first.
    assert (kept(first), kept(second), kept(unchecked)) == ([0, 1, 2], [0], [])
    with session_scope() as session:
        session.execute(update(Batch).where(Batch.id == first).values(status="finalizing"))
    take()
    assert (kept(first), kept(second)) == ([], [0])


def test_sweeps_that_come_too_soon_or_at_once_add_nothing() -> None:
    batch_id = submit_requests()
    answer(batch_id, 5)
    with session_scope() as one, session_scope() as other:
        pace_samples.take(one)
        pace_samples.take(other)
    take()
    assert kept(batch_id) == [0]


def test_a_sample_waits_for_nobody_who_holds_the_batch_or_its_chunks() -> None:
    batch_id = submit_requests()
    with session_scope() as session:
        session.query(Batch).filter_by(id=batch_id).with_for_update().one()
        session.query(Chunk).filter_by(batch_id=batch_id).with_for_update().all()
        take()
    assert kept(batch_id) == [0]


def test_old_samples_get_sparse_and_the_first_one_stays() -> None:
    batch_id = submit_requests()
    for number in range(200):
        answer(batch_id, number)
        take()
        age(5)
    take()
    newest = 200
    older_by = {number: newest - number for number in kept(batch_id)}
    assert 0 in older_by
    assert set(range(newest - 20, newest + 1)) <= set(older_by)
    assert all(number % 2 == 0 for number, places in older_by.items() if places > 25)
    assert all(number % 8 == 0 for number, places in older_by.items() if places > 97)
    assert 50 <= len(older_by) <= 64


def test_a_clock_that_was_set_back_costs_the_samples_of_the_future_and_no_later_ones() -> None:
    batch_id = submit_requests()
    answer(batch_id, 5)
    take()
    age(-3600)
    take()
    assert kept(batch_id) == [1]


def test_the_pace_is_told_from_samples_and_the_counts_of_this_moment() -> None:
    batch_id = submit_requests(1000)
    for finished in range(0, 400, 20):
        answer(batch_id, finished)
        take()
        age(5)
    answer(batch_id, 400)
    seen = pace_of(batch_id)
    assert seen
    assert seen.requests_per_second == pytest.approx(4, rel=0.05)
    assert seen.input_tokens_per_second == pytest.approx(40, rel=0.05)
    assert seen.seconds_left
    assert seen.seconds_left.low < 150 < seen.seconds_left.high
    with session_scope() as session:
        found = session.get_one(Batch, batch_id)
        listed = batches.paces(session, [found], batches.progress(session, [found]))[batch_id]
    assert listed
    assert listed.requests_per_second == pytest.approx(4, rel=0.05)
    take()
    age(60)
    assert pace_of(batch_id) == Pace(0.0, 0.0, 0.0, 0.0, None)


def test_what_was_counted_before_the_first_sample_is_no_part_of_the_pace() -> None:
    """As where a batch was restored from a backup."""
    batch_id = submit_requests(1000)
    answer(batch_id, 500)
    with session_scope() as session:
        session.execute(update(Batch).values(in_progress_at=now() - timedelta(hours=1)))
    take()
    assert pace_of(batch_id) == Pace(cache_hit_share=0.0)
    age(10)
    answer(batch_id, 520)
    seen = pace_of(batch_id)
    assert seen
    assert seen.requests_per_second == pytest.approx(2, rel=0.1)


def test_a_batch_that_runs_has_a_pace_that_comes_true_and_an_ended_one_has_none() -> None:
    # A hundred at a time, each of which takes a quarter of a second: about ten seconds.
    batch_id = submit_requests(4000)
    assert pace_of(batch_id) == Pace()
    with worker(latency_ms="250", concurrency="100") as gpu:
        running = gpu.start_work()
        assert wait_until(lambda: bool((seen := pace_of(batch_id)) and seen.seconds_left), 30, every_seconds=0.2)
        began, seen, counts = now(), pace_of(batch_id), progress(batch_id)
        running.result(60)
    took = (now() - began).total_seconds()
    assert seen
    assert seen.seconds_left
    assert 0 < counts.completed < 4000
    assert seen.requests_per_second
    assert seen.seconds_left.low - 2 < took < seen.seconds_left.high + 2
    with session_scope() as session:
        chunks = session.query(Chunk).filter_by(batch_id=batch_id).all()
    assert all(0.25 <= chunk.longest_seconds < 5 for chunk in chunks)
    assert all(0.25 * chunk.total <= chunk.busy_seconds <= chunk.longest_seconds * chunk.total for chunk in chunks)
    finaliser.finalise(batch_id)
    assert batch(batch_id).status == "completed"
    assert pace_of(batch_id) is None
