"""What can go wrong: each fault strikes a running system and is over when its function returns."""

import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg
import redis

from tests.faults.rig import Rig, lives
from tests.faults.theft import Theft

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


def steal_messages(rig: Rig) -> None:
    with Theft(rig):
        time.sleep(OUTAGE_SECONDS)


def fill_disk(rig: Rig) -> None:
    """To our processes the disk is full once a file has so many bytes."""
    # They have it from us.
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit_files(rig, (FULL_DISK_BYTES, usual[1]))
    time.sleep(OUTAGE_SECONDS)
    limit_files(rig, usual)


def limit_files(rig: Rig, limits: tuple[int, int]) -> None:
    """A child inherits what its parent had: look again until none has other limits."""
    while others := [pid for pid in rig.file_writers() if _file_limits(pid) not in (limits, None)]:
        for pid in others:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def _file_limits(pid: int) -> tuple[int, int] | None:
    """None for a process that has ended."""
    try:
        return resource.prlimit(pid, resource.RLIMIT_FSIZE)
    except ProcessLookupError:
        return None


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
    "messages lost": steal_messages,
    "disk full": fill_disk,
    "database read-only": make_database_read_only,
    "clock set forward": set_clock_forward,
    "clock set back": set_clock_back,
}
