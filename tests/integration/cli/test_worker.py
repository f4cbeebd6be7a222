"""How a `vbs worker` ends: a process of its own, on a real database and Valkey."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from cli.processes import kill_group, wait_until
from schemas.database import session_scope
from schemas.states import WorkerState
from schemas.tables import Chunk, Result, Worker
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, chat_line, progress, submit
from tests.models import tiny_llama

ROOT = Path(__file__).parents[3]
START_SECONDS = 120
# An idle one takes about one second, on a machine that has nothing else to do.
IDLE_END_SECONDS = 5
BUSY_END_SECONDS = 10

pytestmark = pytest.mark.usefixtures("database_url", "valkey_url")


@contextmanager
def worker(temporary: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "cli", "worker", *options]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TMPDIR": str(temporary)}, start_new_session=True)
    try:
        yield process
    finally:
        kill_group(process.pid)
        process.wait()


@contextmanager
def vllm_worker(temporary: Path) -> Iterator["subprocess.Popen[bytes]"]:
    arguments = ("dtype=float32", "max_model_len=512", "kv_cache_memory_bytes=64M")
    options = [f"--engine-arg={argument}" for argument in arguments]
    with worker(temporary, "--engine=vllm", f"--model=tiny={tiny_llama()}", *options) as process:
        yield process


def state() -> str | None:
    with session_scope() as session:
        return session.scalar(select(Worker.state))


def end(process: "subprocess.Popen[bytes]") -> float:
    """Ask it to end, and say how long that took."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return time.monotonic() - began


def lives(process: psutil.Process) -> bool:
    """The machine's first process may take its time to bury others' orphans."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_an_idle_vllm_worker_ends_soon_and_leaves_nothing_behind(open_folder: Path) -> None:
    with vllm_worker(open_folder) as process:
        assert wait_until(lambda: state() == WorkerState.READY, START_SECONDS)
        started = psutil.Process(process.pid).children(recursive=True)
        assert len(started) > 1
        assert end(process) < IDLE_END_SECONDS
        assert process.returncode == 0
        assert state() == WorkerState.STOPPED
        assert wait_until(lambda: not any(map(lives, started)), 5), started
    assert [path.name for path in open_folder.iterdir() if path.is_socket() or "vbs" in path.name] == []


def test_a_worker_that_still_loads_its_model_does_not_finish_that_first(open_folder: Path) -> None:
    with vllm_worker(open_folder) as process:
        us = psutil.Process(process.pid)
        assert wait_until(lambda: state() == WorkerState.LOADING and len(us.children()) > 1, START_SECONDS)
        started = us.children(recursive=True)
        assert end(process) < IDLE_END_SECONDS
        assert state() == WorkerState.STOPPED
        assert wait_until(lambda: not any(map(lives, started)), 10), started


def test_a_busy_worker_saves_what_is_finished_and_gives_the_rest_back(open_folder: Path) -> None:
    batch_id = submit(as_jsonl([*(chat_line(f"c-{n}") for n in range(20)), chat_line("never", "hang here")]))
    with worker(open_folder, "--engine=stub", "--engine-arg=hang_on=hang here", f"--model={MODEL}") as process:
        assert wait_until(lambda: progress(batch_id).completed == 20, START_SECONDS)
        assert end(process) < BUSY_END_SECONDS
        assert process.returncode == 0
    with session_scope() as session:
        chunk = session.get_one(Chunk, (batch_id, 0))
        assert (chunk.state, chunk.worker, chunk.completed) == ("waiting", None, 20)
        assert session.scalar(select(func.count()).select_from(Result)) == 20
