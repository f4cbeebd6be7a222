"""`/health`, also when what it asks about is gone or hangs."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy.orm import Session

from schemas.settings import settings
from schemas.states import ChunkState, WorkerState
from schemas.tables import Chunk, Worker
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, submit

PATIENCE_SECONDS = 2.0


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word, like a server whose process is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def worker(session: Session) -> Worker:
    worker = Worker(name="gpu0", engine="stub", model="stub-model", state=WorkerState.READY)
    session.add(worker)
    session.commit()
    return worker


def test_a_system_that_works_is_ok(api: httpx.Client, worker: Worker) -> None:
    answer = api.get("/health")
    health = answer.json()
    assert (answer.status_code, health["status"], health["problems"]) == (200, "ok", [])
    assert health["database"] == health["redis"] == {"status": "ok"}
    assert health["file_store"]["writable"] is True
    assert health["file_store"]["free_bytes"] > 0
    (seen,) = health["workers"]
    assert (seen["name"], seen["model"], seen["state"]) == ("gpu0", "stub-model", "ready")
    assert 0 <= seen["seen_seconds_ago"] < 60


def test_a_broken_worker_is_told_with_its_reason(api: httpx.Client, session: Session, worker: Worker) -> None:
    worker.state, worker.detail = WorkerState.BROKEN, "vLLM could not load it:\nno such file"
    session.commit()
    assert "Worker gpu0 is broken: vLLM could not load it: no such file" in api.get("/health").json()["problems"]


def test_waiting_and_running_work_is_counted(api: httpx.Client, session: Session) -> None:
    first, second = (submit(as_jsonl([chat_line("1"), chat_line("2")])) for _ in range(2))
    session.get_one(Chunk, (second, 0)).state = ChunkState.LEASED
    session.commit()
    assert first != second
    assert api.get("/health").json()["queue"] == {"chunks_waiting": 1, "chunks_leased": 1, "live_batches": 2}


def test_workers_that_stopped_or_vanished_long_ago_are_no_news(api: httpx.Client, session: Session) -> None:
    session.add(Worker(name="old", engine="stub", state=WorkerState.READY, seen_at=now() - timedelta(hours=2)))
    session.add(Worker(name="gone", engine="stub", state=WorkerState.STOPPED))
    session.commit()
    health = api.get("/health").json()
    assert (health["workers"], health["status"]) == ([], "degraded")


def test_it_needs_no_key_and_leaks_no_address(api: httpx.Client) -> None:
    assert settings().database_url not in api.get("/health").text
    assert str(settings().data_dir) not in api.get("/health").text


def test_a_database_that_hangs_is_a_503_in_time(
    api: httpx.Client, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@127.0.0.1:{silent_port}/x")
    settings.cache_clear()
    started = time.monotonic()
    answer = api.get("/health")
    assert time.monotonic() - started < PATIENCE_SECONDS
    assert (answer.status_code, answer.json()["database"]) == (503, {"status": "down"})
    assert int(answer.headers["Retry-After"]) > 0


def test_a_redis_that_hangs_is_told_in_time_and_is_not_the_end(
    api: httpx.Client, worker: Worker, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{silent_port}/0")
    settings.cache_clear()
    started = time.monotonic()
    answer = api.get("/health")
    assert time.monotonic() - started < PATIENCE_SECONDS
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["redis"] == {"status": "down"}


def test_a_store_that_takes_nothing_is_a_503(
    api: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").write_text("where the folder should be")
    monkeypatch.setenv("VBS_FILE_STORE", str(tmp_path / "a-file"))
    settings.cache_clear()
    answer = api.get("/health")
    assert (answer.status_code, answer.json()["file_store"]["writable"]) == (503, False)


def test_looking_at_the_store_leaves_nothing_in_it(api: httpx.Client) -> None:
    api.get("/health")
    assert [path for path in Path(settings().file_store_url).rglob("*") if path.is_file()] == []
