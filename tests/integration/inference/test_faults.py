"""What happens to finished answers when the engine or the database goes away in the middle of a chunk."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest
from sqlalchemy import func, select

from inference import finaliser
from inference.engine_host import EngineHost
from inference.engines.base import Loaded
from inference.engines.stub import StubEngine
from inference.health import read_health
from inference.runner import work_through
from schemas.database import session_scope
from schemas.errors import StorageFull
from schemas.states import WorkerState
from schemas.tables import Chunk, Result
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import (
    MODELS,
    as_jsonl,
    batch,
    chat_line,
    lines_of,
    progress,
    submit,
    worker,
)
from tests.integration.inference.lossy_proxy import losing_one_commit


class TornEngine(StubEngine):
    """Fails to load in a way that its adapter did not foresee."""

    async def load(self, model: str, source: str) -> Loaded:
        raise ValueError("the weights are torn")


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
    wait_until(lambda: host.state == WorkerState.BROKEN)
    assert "the weights are torn" in host.detail
    host.wrap_up()
    running.result(10)
    host.stop(10)
    with session_scope() as session:
        assert session.get_one(Chunk, (batch_id, 0)).state == "waiting"


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
    with files_of_at_most(500_000):
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


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """To this process the disk is full once a file has so many bytes; PostgreSQL does not notice."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def end_of(call: Callable[[], object]) -> object:
    try:
        return call()
    except StorageFull:
        return StorageFull


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
