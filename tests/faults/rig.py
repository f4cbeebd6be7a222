"""A whole system on the stub engine, with a handle on everything that can go wrong with it."""

import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis
from celery import Celery

from cli.instance import Instance
from tests.system import System, started

MODEL = "stub-model"
LINES_PER_CHUNK = 200
START_SECONDS = 20.0
# What is promised: after a fault, work goes on within so many seconds.
RECOVERY_SECONDS = 30.0
SETTINGS = {
    "VBS_CHUNK_SIZE": str(LINES_PER_CHUNK),
    "VBS_ENGINE_STALL_SECONDS": "4",
    "VBS_REQUESTS_PER_MINUTE": "0",
    "VBS_WEBHOOK_ALLOW_PRIVATE": "1",
}


class Rig:
    def __init__(self, folder: Path, system: System) -> None:
        self.folder = folder
        self.system = system
        self.orders = folder / "orders"
        self.journal = folder / "journal"
        self.clock = folder / "clock"

    # Processes

    def process_group(self, name: str) -> int:
        """The id of a process of the table, which leads its own group. One that is started again is waited for."""
        end = time.monotonic() + START_SECONDS
        while True:
            running = Instance(self.folder / "data").running()
            assert running, "the system is gone"
            pid = next(pid for known, (pid, _) in running.processes.items() if known.startswith(name))
            if lives(pid):
                return pid
            assert time.monotonic() < end, f"{name} is not started again"
            time.sleep(0.1)

    def send(self, name: str, number: signal.Signals) -> int:
        """Returns the id of the process that got the signal."""
        pid = self.process_group(name)
        if number == signal.SIGKILL:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
        return pid

    def file_writers(self) -> list[int]:
        """The processes of ours that write files. A GPU worker writes none but the journal of its stub engine."""
        pids = []
        for name in ("api", "cpu", "beat"):
            with suppress(psutil.NoSuchProcess):
                leader = psutil.Process(self.process_group(name))
                pids += [leader.pid, *(child.pid for child in leader.children(recursive=True))]
        return pids

    # Services

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.system.running.database_url, autocommit=True, connect_timeout=5) as connection:
            yield connection

    def ask(self, query: str, *values: object) -> Any:
        """The first value of the first row."""
        with self.database() as database:
            row = database.execute(query.encode(), values).fetchone()
            return row[0] if row else None

    @contextmanager
    def redis(self, **options: Any) -> Iterator[redis.Redis]:
        with redis.Redis.from_url(self.system.running.redis_url, **options) as client:
            yield client

    def send_task(self, name: str, queue: str, *args: str) -> None:
        with Celery(broker=self.system.running.redis_url) as app:
            app.send_task(name, args=args, queue=queue)

    # The engine and the clock

    def order(self, what: str) -> None:
        """Tell the engine to fail; it follows as soon as it works on something."""
        draft = self.orders.with_suffix(".new")
        draft.write_text(what)
        draft.rename(self.orders)

    @property
    def has_order(self) -> bool:
        """Whether the engine has not done yet what it was told."""
        return self.orders.exists()

    def withdraw_order(self) -> None:
        """An order that no engine was at work to follow is not for the next batch."""
        self.orders.unlink(missing_ok=True)

    def answered_since(self, position: int) -> list[str]:
        """Bodies that the engine was asked to answer after its journal had this size."""
        with self.journal.open("rb") as journal:
            journal.seek(position)
            return journal.read().decode().splitlines()

    @property
    def journal_size(self) -> int:
        return self.journal.stat().st_size if self.journal.exists() else 0

    @property
    def clock_shift(self) -> float:
        return float(struct.unpack("d", self.clock.read_bytes())[0])

    def shift_clock(self, seconds: float) -> None:
        # In place: the processes have the file mapped.
        with self.clock.open("r+b") as clock:
            clock.write(struct.pack("d", seconds))


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_rig(
    folder: Path,
    *options: str,
    latency_ms: int = 50,
    concurrency: int = 16,
    settings: Mapping[str, str] = SETTINGS,
) -> Iterator[Rig]:
    folder.mkdir()
    folder.chmod(0o755)
    clock = folder / "clock"
    clock.write_bytes(struct.pack("d", 0.0))
    environment = {**settings, "LD_PRELOAD": str(_clock_shim(folder)), "CLOCK_SHIFT": str(clock)}
    engine = {
        "latency_ms": latency_ms,
        "concurrency": concurrency,
        "orders": folder / "orders",
        "journal": folder / "journal",
    }
    arguments = [f"--engine-arg={name}={value}" for name, value in engine.items()]
    start = started(folder / "data", "--engine=stub", f"--model={MODEL}", *arguments, *options, environment=environment)
    with start as system:
        yield Rig(folder, system)


def _clock_shim(folder: Path) -> Path:
    library = folder / "clock_shift.so"
    source = Path(__file__).with_name("clock_shift.c")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library
