"""From an uploaded file to its output, with everything real but the model."""

import time
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from cli.processes import wait_until
from inference import batches, finaliser, results, sweep
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict, IdempotencyMismatch, InputFileInvalid, RequestInvalid
from schemas.tables import Batch, Chunk, File
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import (
    MODEL,
    OTHER_MODEL,
    as_jsonl,
    batch,
    chat_line,
    lines_of,
    progress,
    submit,
    worker,
)

pytestmark = pytest.mark.usefixtures("database_url")


def test_every_request_gets_exactly_one_line_in_the_order_of_the_input() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", f'Tab\tquote" backslash\\ line\n {n}') for n in range(1200)]))
    with worker() as gpu:
        gpu.work()
        assert set(gpu.done) == {batch_id}
    assert finaliser.finalise(batch_id) == "completed"

    ended = batch(batch_id)
    assert [line["custom_id"] for line in lines_of(ended.output_file_id)] == [f"c-{n}" for n in range(1200)]
    assert ended.error_file_id is None
    assert (ended.total, ended.completed, ended.failed) == (1200, 1200, 0)
    assert ended.model == "stub-model"


def test_a_rejected_request_is_a_line_of_the_error_file_with_the_answer_of_the_engine() -> None:
    batch_id = submit(as_jsonl([chat_line("good"), chat_line("long", "word " * 400)]))
    with worker(max_tokens="100") as gpu:
        gpu.work()
    finaliser.finalise(batch_id)

    ended = batch(batch_id)
    (failed,) = lines_of(ended.error_file_id)
    assert failed["custom_id"] == "long"
    assert failed["error"] is None
    assert failed["response"]["status_code"] == 400  # type: ignore[index]
    assert (ended.status, ended.completed, ended.failed) == ("completed", 1, 1)


def test_usage_adds_up_over_the_answers() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(20)]))
    with worker() as gpu:
        gpu.work()
    live = progress(batch_id)
    finaliser.finalise(batch_id)
    used = [line["response"]["body"]["usage"] for line in lines_of(batch(batch_id).output_file_id)]  # type: ignore[index]
    assert live.input_tokens == sum(usage["prompt_tokens"] for usage in used) > 0
    assert progress(batch_id) == live


def test_one_file_may_ask_several_models_and_a_worker_swaps_between_them() -> None:
    models = [MODEL, OTHER_MODEL]
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", model=models[n % 2]) for n in range(400)]))
    with worker() as gpu:
        gpu.work()
    assert finaliser.finalise(batch_id) == "completed"
    ended = batch(batch_id)
    answers = lines_of(ended.output_file_id)
    assert [line["custom_id"] for line in answers] == [f"c-{n}" for n in range(400)]
    assert [line["response"]["body"]["model"] for line in answers] == models * 200  # type: ignore[index]
    assert ended.model is None


def test_a_worker_that_answers_for_one_model_leaves_the_chunks_of_another_to_others() -> None:
    first = submit(as_jsonl([chat_line(f"a-{n}") for n in range(20)]))
    with worker(latency_ms="500", concurrency="20") as gpu:
        running = gpu.start_work()
        assert wait_until(lambda: gpu.host.in_flight == 20, 10)
        second = submit(as_jsonl([chat_line(f"b-{n}", model=OTHER_MODEL) for n in range(20)]))
        assert gpu.work() == 0
        assert running.result(10) == 2
    assert (progress(first).completed, progress(second).completed) == (20, 20)


def test_finalising_twice_ends_a_batch_once() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    with worker() as gpu:
        gpu.work()
    assert finaliser.finalise(batch_id) == "completed"
    first = batch(batch_id)
    assert finaliser.finalise(batch_id) is None
    assert batch(batch_id).output_file_id == first.output_file_id


def test_a_batch_that_still_runs_is_not_finalised() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    assert finaliser.finalise(batch_id) is None
    assert batch(batch_id).status == "in_progress"


def test_cancelling_midway_keeps_what_is_finished_and_stops_within_seconds() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(500)]))
    with worker(latency_ms="200", concurrency="10") as gpu:
        running = gpu.start_work()
        _wait_for_answers(batch_id, 10)
        with session_scope() as session:
            batches.cancel(session, "acme", ids.show(ids.BATCH, batch_id))
        began = time.monotonic()
        running.result(10)
        assert time.monotonic() - began < 3
        assert gpu.host.in_flight == 0
    assert finaliser.finalise(batch_id) == "cancelled"
    ended = batch(batch_id)
    assert 10 <= ended.completed < 500
    assert len(lines_of(ended.output_file_id)) == ended.completed
    assert ended.error_file_id is None


def test_a_batch_past_its_window_expires_with_a_line_for_every_request() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(300)]))
    with worker(latency_ms="200", concurrency="10") as gpu:
        running = gpu.start_work()
        _wait_for_answers(batch_id, 10)
        with session_scope() as session:
            session.execute(update(Batch).where(Batch.id == batch_id).values(expires_at=now() - timedelta(seconds=1)))
        running.result(10)
    assert finaliser.finalise(batch_id) == "expired"
    ended = batch(batch_id)
    expired = lines_of(ended.error_file_id)
    assert {line["error"]["code"] for line in expired} == {"batch_expired"}  # type: ignore[index]
    answered = {line["custom_id"] for line in lines_of(ended.output_file_id)}
    assert answered | {line["custom_id"] for line in expired} == {f"c-{n}" for n in range(300)}
    assert ended.completed + ended.failed == 300


def test_a_worker_that_stops_gives_its_chunk_back_and_the_next_one_runs_only_the_rest() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(200)]))
    with worker(latency_ms="100", concurrency="10") as first:
        running = first.start_work()
        _wait_for_answers(batch_id, 10)
        first.host.wrap_up()
        running.result(10)
    before = progress(batch_id).completed
    assert 10 <= before < 200
    with worker("gpu1") as second:
        second.work()
    assert progress(batch_id).completed == 200
    finaliser.finalise(batch_id)
    assert len(lines_of(batch(batch_id).output_file_id)) == 200


def test_a_worker_that_lost_its_lease_cannot_write() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(50)]))
    with worker(latency_ms="1500") as slow:
        running = slow.start_work()
        _wait_for_lease(batch_id)
        with session_scope() as session:
            session.execute(update(Chunk).values(lease_expires_at=now() - timedelta(seconds=1)))
        with session_scope() as session:
            sweep.find_due(session)
        running.result(20)
        # Only the second lease's answers count: the first one's were refused or never asked for again.
        assert progress(batch_id).completed == 50
    finaliser.finalise(batch_id)
    assert sorted(str(line["custom_id"]) for line in lines_of(batch(batch_id).output_file_id)) == sorted(
        f"c-{n}" for n in range(50)
    )


def test_partial_results_say_where_the_first_gap_is() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(100)]))
    with worker(latency_ms="100", concurrency="5") as gpu:
        running = gpu.start_work()
        _wait_for_answers(batch_id, 5)
        with session_scope() as session:
            partial = results.stream(session, session.get_one(Batch, batch_id), 0, session_scope)
            lines = b"".join(partial.blocks).splitlines()
        assert partial.incomplete
        assert 0 < partial.last_line <= len(lines) < 100
        gpu.host.wrap_up()
        running.result(10)


def test_the_same_idempotency_key_gives_the_same_batch_and_another_request_under_it_is_refused() -> None:
    content = as_jsonl([chat_line("only")])
    first = submit(content, idempotency_key="once", fingerprint=b"a")
    with session_scope() as session:
        file_id = ids.show(ids.FILE, batch(first).input_file_id)
        new = batches.NewBatch(
            "acme", None, file_id, "/v1/chat/completions", "24h", idempotency_key="once", fingerprint=b"a"
        )
        assert batches.create(session, new).id == first
        other = batches.NewBatch(
            "acme", None, file_id, "/v1/completions", "24h", idempotency_key="once", fingerprint=b"b"
        )
        with pytest.raises(IdempotencyMismatch):
            batches.create(session, other)


def test_a_file_whose_time_is_over_takes_no_batch_though_it_is_not_purged_yet() -> None:
    file_id = batch(submit(as_jsonl([chat_line("only")]))).input_file_id
    with session_scope() as session:
        session.get_one(File, file_id).expires_at = now() - timedelta(seconds=1)
    new = batches.NewBatch("acme", None, ids.show(ids.FILE, file_id), "/v1/chat/completions", "24h")
    with session_scope() as session, pytest.raises(InputFileInvalid):
        batches.create(session, new)


def test_a_batch_that_ended_cannot_be_cancelled() -> None:
    batch_id = submit(b"not json\n")
    with session_scope() as session, pytest.raises(Conflict):
        batches.cancel(session, "acme", ids.show(ids.BATCH, batch_id))


@pytest.mark.parametrize("window", ["0h", "59m", "31d", "721h", "1", "", "h", "1h ", "-1d", "\uff11h"])
def test_a_completion_window_outside_one_hour_to_thirty_days_is_refused(window: str) -> None:
    with pytest.raises(RequestInvalid):
        batches.completion_time(window)


def _wait_for_answers(batch_id: UUID, least: int) -> None:
    assert wait_until(lambda: progress(batch_id).completed >= least, 10)


def _wait_for_lease(batch_id: UUID) -> None:
    def leased() -> bool:
        with session_scope() as session:
            return session.get_one(Chunk, (batch_id, 0)).state == "leased"

    assert wait_until(leased, 10)
