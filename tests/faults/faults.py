"""What can go wrong: each fault strikes a running system and is over when its function returns."""

import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Final

import psutil
import psycopg
import redis

from tests.faults.rig import Rig, lives

QUEUES: Final = ("default", "inference", "webhooks", "retention")
OUTAGE_SECONDS: Final = 3.0
STOP_SECONDS: Final = 10.0
CLOCK_JUMP_SECONDS: Final = 3600.0
FULL_DISK_BYTES: Final = 32_768


def kill(*names: str) -> Callable[[Rig], None]:
    def strike(rig: Rig) -> None:
        for name in names:
            rig.send(name, signal.SIGKILL)

    return strike


def stop_all_workers(rig: Rig) -> None:
    """A rolling restart, all at once: each process is asked to end, and its supervisor starts it again."""
    asked = {name: rig.send(name, signal.SIGTERM) for name in ("gpu", "cpu", "api", "beat")}
    end = time.monotonic() + STOP_SECONDS
    while left := [name for name, pid in asked.items() if lives(pid)]:
        assert time.monotonic() < end, f"{left} did not end within {STOP_SECONDS} seconds of SIGTERM"
        time.sleep(0.05)


def crash_engine(rig: Rig) -> None:
    rig.order("crash")


def freeze_engine(rig: Rig) -> None:
    rig.order("freeze")


def flush_redis(rig: Rig) -> None:
    with rig.redis() as client:
        client.flushall()


def restart_redis(rig: Rig) -> None:
    rig.send("valkey", signal.SIGKILL)
    wait_until_redis_answers(rig)


def restart_postgres(rig: Rig) -> None:
    # The postmaster's fast shutdown: connections are cut, and what was not committed is gone.
    rig.send("postgres", signal.SIGINT)
    time.sleep(0.5)
    wait_until_postgres_answers(rig)


def cut_connections(rig: Rig) -> None:
    with rig.database() as database:
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with rig.redis() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def double_messages(rig: Rig) -> None:
    """Every message that may be under way, twice more."""
    batch = rig.ask("SELECT id FROM batches ORDER BY id DESC LIMIT 1")
    for _ in range(2):
        if batch is not None:
            rig.send_task("batches.validate", "default", batch.hex)
            rig.send_task("batches.finalise", "default", batch.hex)
        rig.send_task("inference.run", "inference")
        rig.send_task("webhooks.deliver", "webhooks")
        rig.send_task("retention.purge", "retention")


@contextmanager
def messages_get_lost(rig: Rig) -> Iterator[None]:
    """For a while every message goes to a thief, who waits for it ahead of the workers."""
    waiting = threading.Event()
    thief = threading.Thread(target=_steal, args=(rig, waiting), daemon=True)
    thief.start()
    assert waiting.wait(10)
    yield
    thief.join()


def _steal(rig: Rig, waiting: threading.Event) -> None:
    end = time.monotonic() + OUTAGE_SECONDS
    with rig.redis() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        waiting.set()
        while time.monotonic() < end:
            client.brpop(list(QUEUES), timeout=0.2)


def fill_disk(rig: Rig) -> None:
    """To our processes the disk is full once a file has so many bytes."""
    limited = []
    for process in rig.file_writers():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            limited.append((process.pid, resource.prlimit(process.pid, resource.RLIMIT_FSIZE)))
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FULL_DISK_BYTES, limited[-1][1][1]))
    time.sleep(OUTAGE_SECONDS)
    for pid, limits in limited:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def make_database_read_only(rig: Rig) -> None:
    set_read_only(rig, "on")
    time.sleep(OUTAGE_SECONDS)
    set_read_only(rig, "off")


def set_read_only(rig: Rig, value: str) -> None:
    with rig.database() as database:
        database.execute("SET default_transaction_read_only = off")
        database.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}".encode())
        database.execute("SELECT pg_reload_conf()")


def set_clock_forward(rig: Rig) -> None:
    rig.shift_clock(rig.clock_shift + CLOCK_JUMP_SECONDS)


def set_clock_back(rig: Rig) -> None:
    rig.shift_clock(rig.clock_shift - CLOCK_JUMP_SECONDS)


def wait_until_redis_answers(rig: Rig) -> None:
    _wait_for(rig, lambda: _ping(rig), redis.RedisError)


def wait_until_postgres_answers(rig: Rig) -> None:
    _wait_for(rig, lambda: rig.ask("SELECT true"), psycopg.OperationalError)


def _ping(rig: Rig) -> bool:
    with rig.redis() as client:
        return bool(client.ping())


def _wait_for(rig: Rig, answer: Callable[[], object], error: type[Exception]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            answer()
        except error:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return


FAULTS: Final[dict[str, Callable[[Rig], None]]] = {
    "SIGKILL of the GPU worker": kill("gpu"),
    "SIGKILL of the CPU worker": kill("cpu"),
    "SIGKILL of the API": kill("api"),
    "SIGKILL of beat": kill("beat"),
    "SIGTERM": stop_all_workers,
    "engine death": crash_engine,
    "hung engine": freeze_engine,
    "Redis flushed": flush_redis,
    "Redis restarted": restart_redis,
    "PostgreSQL restarted": restart_postgres,
    "connections cut": cut_connections,
    "messages doubled": double_messages,
    "messages lost": lambda rig: None,
    "disk full": fill_disk,
    "database read-only": make_database_read_only,
    "clock set forward": set_clock_forward,
    "clock set back": set_clock_back,
}


def armed(rig: Rig, fault: str | None) -> "nullcontext[None]":
    """What has to be in place before a phase begins."""
    return messages_get_lost(rig) if fault == "messages lost" else nullcontext()  # type: ignore[return-value]
