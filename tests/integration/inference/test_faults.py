"""What happens to finished answers when the engine or the database goes away in the middle of a chunk."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select, text, update

from cli.processes import wait_until
from inference import batches, finaliser
from inference.engine_host import EngineHost
from inference.engines.base import Answer, Loaded, Usage
from inference.engines.refusals import refusal
from inference.engines.stub import StubEngine
from inference.file_store import file_store
from inference.health import read_health
from inference.runner import work_through
from inference.suspicion import GIVEN_UP_AFTER
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict, StorageFull
from schemas.states import WorkerState
from schemas.tables import Batch, Chunk, Result
from schemas.tables.base import now
from tests.conftest import forget_settings
from tests.full_disk import full_disk
from tests.integration.inference.batch_fixtures import (
    MODELS,
    OTHER_MODEL,
    as_jsonl,
    batch,
    chat_line,
    lines_of,
    progress,
    running,
    submit,
    worker,
)
from tests.integration.inference.lossy_proxy import losing_one_commit


class TornEngine(StubEngine):
    """Fails to load in a way that its adapter did not foresee."""

    async def load(self, model: str, source: str) -> Loaded:
        raise ValueError("the weights are torn")


class StuckEngine(StubEngine):
    """Never gets its model loaded."""

    async def load(self, model: str, source: str) -> Loaded:
        await asyncio.sleep(3600)
        return await super().load(model, source)


class BabblingEngine(StubEngine):
    """Answers some requests with what is no JSON or no text at all."""

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        for babble in (b"no JSON\nat all", b'"\xff"'):
            if babble[:2].hex().encode() in body:
                return Answer(200, babble)
        return await super().answer(endpoint, body)


class DistantEngine(StubEngine):
    """Runs elsewhere, so nobody here can watch it."""

    @property
    def pulse(self) -> None:  # type: ignore[override]
        return None


class BusyEngine(StubEngine):
    """Has no time for some requests, ever."""

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        return refusal(503, "busy") if b"busy" in body else await super().answer(endpoint, body)


class UncountableEngine(StubEngine):
    """Gives an answer that can't be saved, for a reason that no retry mends."""

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        return Answer(200, b"{}", Usage(input_tokens=2**70))


@pytest.mark.usefixtures("database_url")
def test_an_engine_that_died_is_loaded_again_and_the_work_goes_on() -> None:
    first = submit(as_jsonl([chat_line("first")]))
    with worker() as gpu:
        gpu.work()
        gpu.host.submit(gpu.host.engine.unload()).result(5)
        second = submit(as_jsonl([chat_line(f"c-{n}") for n in range(50)]))
        gpu.work()
        assert gpu.host.state == WorkerState.READY
    assert (progress(first).completed, progress(second).completed) == (1, 50)


@pytest.mark.usefixtures("database_url")
def test_a_worker_whose_engine_cannot_load_is_broken_and_gives_its_chunk_back() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    host = EngineHost("gpu0", TornEngine({}), MODELS, window=0)
    host.start()
    running = host.submit(work_through(host, lambda _: None))
    assert wait_until(lambda: host.state == WorkerState.BROKEN, 10)
    assert "the weights are torn" in host.detail
    host.wrap_up()
    running.result(10)
    host.stop(10)
    with session_scope() as session:
        assert session.get_one(Chunk, (batch_id, 0)).state == "waiting"


@pytest.mark.usefixtures("database_url")
def test_a_model_that_takes_too_long_to_load_is_given_up_and_its_chunk_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VBS_ENGINE_LOAD_SECONDS", "1")
    forget_settings()
    host = EngineHost("gpu0", StuckEngine({}), MODELS, window=0)
    host.start()
    loading = host.submit(work_through(host, lambda _: None))
    assert wait_until(lambda: host.state == WorkerState.BROKEN, 10)
    assert "is not loaded after 1 seconds" in host.detail
    host.wrap_up()
    loading.result(10)
    host.stop(10)


@pytest.mark.usefixtures("database_url")
def test_a_cancel_does_not_wait_for_a_model_to_be_loaded() -> None:
    submit(as_jsonl([chat_line("first")]))
    with running(StubEngine({})) as host:
        host.submit(work_through(host, lambda _: None)).result(10)
        host.engine = StuckEngine({})
        batch_id = submit(as_jsonl([chat_line("only", model=OTHER_MODEL)]))
        loading = host.submit(work_through(host, lambda _: None))
        assert wait_until(lambda: state_of(batch_id) == "leased", 10)
        with session_scope() as session:
            batches.cancel(session, "acme", ids.show(ids.BATCH, batch_id))
        assert wait_until(lambda: state_of(batch_id) == "waiting", 5)
        assert host.state == WorkerState.LOADING
        loading.cancel()


@pytest.mark.usefixtures("database_url")
def test_an_answer_that_is_no_json_costs_its_own_request_only() -> None:
    babbled = [chat_line("no-json", b"no".hex()), chat_line("no-text", b'"\xff'.hex())]
    batch_id = submit(as_jsonl([*babbled, *(chat_line(f"c-{n}") for n in range(50))]))
    with running(BabblingEngine({})) as host:
        host.submit(work_through(host, lambda _: None)).result(10)
    finaliser.finalise(batch_id)
    ended = batch(batch_id)
    failed = {line["custom_id"]: line["error"]["code"] for line in lines_of(ended.error_file_id)}  # type: ignore[index]
    assert failed == {"no-json": "engine_error", "no-text": "engine_error"}
    assert ended.completed == 50


@pytest.mark.usefixtures("database_url")
def test_an_engine_elsewhere_runs_suspects_like_any_other_request() -> None:
    batch_id = submit(as_jsonl([chat_line("accused")]))
    with session_scope() as session:
        session.execute(update(Chunk).values(deaths=GIVEN_UP_AFTER, suspect_to=1))
    with running(DistantEngine({})) as host:
        host.submit(work_through(host, lambda _: None)).result(10)
    assert (progress(batch_id).completed, progress(batch_id).failed) == (1, 0)


@pytest.mark.usefixtures("database_url")
def test_answers_that_cannot_be_saved_are_not_held_against_the_engine() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    with running(UncountableEngine({})) as host:
        assert host.submit(work_through(host, lambda _: None)).exception(10) is not None
    with session_scope() as session:
        chunk = session.get_one(Chunk, (batch_id, 0))
        assert (chunk.state, chunk.worker, chunk.deaths, chunk.rests) == ("waiting", None, 0, 1)


@pytest.mark.usefixtures("database_url")
def test_a_cancel_is_heard_while_others_hold_the_whole_window() -> None:
    submit(as_jsonl([chat_line(f"c-{n}", "busy") for n in range(8)]))
    with running(BusyEngine({}), window=8) as host:
        busy = host.submit(work_through(host, lambda _: None))
        assert wait_until(lambda: host.in_flight == 8, 10)
        waiting = submit(as_jsonl([chat_line("only")]))
        done = host.submit(work_through(host, lambda _: None))
        assert wait_until(lambda: state_of(waiting) == "leased", 10)
        with session_scope() as session:
            batches.cancel(session, "acme", ids.show(ids.BATCH, waiting))
        assert done.result(5) == 1
        assert (state_of(waiting), host.in_flight) == ("waiting", 8)
        host.wrap_up()
        busy.result(10)


@pytest.mark.usefixtures("database_url")
def test_a_worker_that_is_to_stop_loads_nothing_more() -> None:
    host = EngineHost("gpu0", StubEngine({}), MODELS, window=0)
    host.start()
    host.wrap_up()
    host.submit(host.recover()).result(10)
    assert host.held is None
    host.stop(10)


@pytest.mark.usefixtures("database_url")
def test_a_batch_that_cannot_be_cancelled_any_more_says_so_while_its_files_are_written() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    with session_scope() as session:
        session.execute(update(Batch).where(Batch.id == batch_id).values(status="finalizing", finalizing_at=now()))
    with session_scope() as finalising, pytest.raises(Conflict), session_scope() as session:
        finalising.get(Batch, batch_id, with_for_update=True)
        session.execute(text("SET LOCAL statement_timeout = '2s'"))
        batches.cancel(session, "acme", ids.show(ids.BATCH, batch_id))


def test_what_has_no_room_is_refused_before_it_fills_the_disk(data_dir: Path) -> None:
    with pytest.raises(StorageFull):
        file_store().check_room(10**18)
    file_store().check_room(1)


def test_answers_whose_commit_was_not_confirmed_are_neither_lost_nor_doubled(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(200)]))
    with losing_one_commit(database_url) as proxy:
        monkeypatch.setenv("DATABASE_URL", proxy.url)
        forget_settings()
        with worker(latency_ms="50", concurrency="20") as gpu:
            assert gpu.work() == 2
        assert proxy.lost.is_set()
        counts = progress(batch_id)
        with session_scope() as session:
            stored = session.scalar(select(func.count()).where(Result.batch_id == batch_id))
        forget_settings()
    assert (counts.completed, stored) == (200, 200)


@pytest.mark.usefixtures("database_url")
def test_a_batch_that_ends_on_a_full_disk_ends_once_there_is_room() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(6000)]))
    with worker() as gpu:
        gpu.work()
    outcome: list[object] = []
    with full_disk(500_000):
        # In a thread, because what must not happen is that it waits for ever.
        ending = Thread(target=lambda: outcome.append(end_of(lambda: finaliser.finalise(batch_id))), daemon=True)
        ending.start()
        ending.join(20)
    assert outcome == [StorageFull]
    assert batch(batch_id).status == "finalizing"
    assert finaliser.finalise(batch_id) == "completed"
    assert len(lines_of(batch(batch_id).output_file_id)) == 6000


def test_a_read_only_database_is_seen(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    health = read_health()
    assert health.status == "down"
    assert "The database takes no writes: it is read-only." in health.problems


def state_of(batch_id: UUID) -> str:
    """The state of its only chunk."""
    with session_scope() as session:
        return session.get_one(Chunk, (batch_id, 0)).state


def end_of(call: Callable[[], object]) -> object:
    try:
        return call()
    except StorageFull:
        return StorageFull
