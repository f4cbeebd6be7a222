"""How the system is: what works, who serves, and what is waiting. For load balancers, people and agents alike."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from textwrap import shorten
from typing import Final, Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from inference.file_store import file_store
from inference.probe import Probe
from schemas.database import unpooled_engine
from schemas.ids import new_id
from schemas.settings import GIB, settings
from schemas.states import TERMINAL, ChunkState, WorkerState
from schemas.tables import Batch, Chunk, Worker
from schemas.tables.base import now

PATIENCE_SECONDS: Final = 1.5
FRESH_SECONDS: Final = 1.0
LOW_SPACE_BYTES: Final = GIB
# A worker that has been silent this long is history, not news.
FORGOTTEN: Final = timedelta(hours=1)

DETAIL_CHARACTERS: Final = 200
# Everybody may read how the system is, and an address may hold a password.
CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]+@")

Verdict = Literal["ok", "degraded", "down"]
SERVING: Final = frozenset({WorkerState.READY, WorkerState.BUSY})


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    name: str
    engine: str
    device: str
    model: str | None
    state: str
    detail: str
    in_flight: int
    seen_seconds_ago: float


@dataclass(frozen=True, slots=True)
class Queue:
    chunks_waiting: int = 0
    chunks_leased: int = 0
    live_batches: int = 0


@dataclass(frozen=True, slots=True)
class Inside:
    """What only the database can tell."""

    workers: Sequence[WorkerSeen] = ()
    queue: Queue = field(default_factory=Queue)
    takes_writes: bool = True


@dataclass(frozen=True, slots=True)
class Space:
    """`free_bytes` is None where the store does not say, as with S3."""

    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Health:
    status: Verdict
    # One sentence for everything that is not as it should be.
    problems: Sequence[str]
    checked_at: datetime
    # None stands for a service that failed or did not answer in time.
    inside: Inside | None
    redis_works: bool
    space: Space | None


def judge(inside: Inside | None, redis_works: bool, space: Space | None, lease_seconds: float) -> Health:
    down = []
    if inside is None:
        down.append("The database does not answer.")
    elif not inside.takes_writes:
        down.append("The database takes no writes: it is read-only.")
    if space is None:
        down.append("The file store cannot be written.")
    degraded = []
    if not redis_works:
        degraded.append("Redis does not answer; work is found by the sweep only, later than usual.")
    if space is not None and space.free_bytes is not None and space.free_bytes < LOW_SPACE_BYTES:
        degraded.append("Less than 1 GiB is free in the file store.")
    if inside is not None:
        degraded.extend(_worker_problems(inside.workers, lease_seconds))
    verdict: Verdict = "down" if down else "degraded" if degraded else "ok"
    return Health(verdict, [*down, *degraded], now(), inside, redis_works, space)


def _worker_problems(workers: Sequence[WorkerSeen], lease_seconds: float) -> list[str]:
    alive = [worker for worker in workers if worker.seen_seconds_ago <= lease_seconds]
    problems = [_fault(worker) for worker in alive if worker.state == WorkerState.BROKEN]
    problems += [
        f"Worker {worker.name}: {_why(worker).rstrip('.')}."
        for worker in alive
        if worker.state in SERVING and worker.detail
    ]
    problems += [f"Worker {worker.name} is silent." for worker in workers if worker not in alive]
    if not any(worker.state in SERVING for worker in alive):
        loading = any(worker.state in (WorkerState.STARTING, WorkerState.LOADING) for worker in alive)
        problems.append("The model is still loading." if loading else "No worker serves; batches wait.")
    return problems


def _fault(worker: WorkerSeen) -> str:
    return f"Worker {worker.name} is broken: {_why(worker)}" if worker.detail else f"Worker {worker.name} is broken."


def _why(worker: WorkerSeen) -> str:
    """What keeps it from its work, on one line."""
    return shorten(CREDENTIALS.sub("", worker.detail), DETAIL_CHARACTERS, placeholder=" ...")


def read_health(patience_seconds: float = PATIENCE_SECONDS) -> Health:
    """The state of everything, within `patience_seconds` even if all of it hangs."""
    probes = _probes(settings().database_url, settings().redis_url, settings().file_store_url)
    deadline = time.monotonic() + patience_seconds
    # All are asked before the first is waited for.
    inside, redis_works, space = probes.inside.ask(), probes.redis.ask(), probes.space.ask()
    return judge(
        probes.inside.answer(inside, deadline),
        probes.redis.answer(redis_works, deadline) is True,
        probes.space.answer(space, deadline),
        settings().lease_seconds,
    )


@dataclass(frozen=True, slots=True)
class _Probes:
    inside: Probe[Inside]
    redis: Probe[bool]
    space: Probe[Space]


@cache
def _probes(database_url: str, redis_url: str, store_url: str) -> _Probes:
    return _Probes(
        Probe("database", lambda: _ask_database(database_url), FRESH_SECONDS),
        Probe("redis", lambda: _ask_redis(redis_url), FRESH_SECONDS),
        Probe("file store", lambda: _ask_store(store_url), FRESH_SECONDS),
    )


def _ask_database(url: str) -> Inside:
    # Not from the pool: a pool that is busy with large requests is no database that is down.
    with Session(unpooled_engine(url, connect_timeout=2, options="-c statement_timeout=1500")) as session:
        return read_inside(session)


def read_inside(session: Session) -> Inside:
    """The workers that are news, and the work that is waiting or under way, of all tenants."""
    counts = select(Chunk.state, func.count()).where(Chunk.state != ChunkState.DONE).group_by(Chunk.state)
    chunks: dict[str, int] = {state: number for state, number in session.execute(counts)}
    live = session.scalar(select(func.count()).where(Batch.ended_at.is_(None), Batch.status.not_in(TERMINAL)))
    queue = Queue(chunks.get(ChunkState.WAITING, 0), chunks.get(ChunkState.LEASED, 0), live or 0)
    read_only = session.scalar(text("SELECT current_setting('transaction_read_only')::boolean"))
    return Inside(_workers(session), queue, takes_writes=not read_only)


def _workers(session: Session) -> list[WorkerSeen]:
    moment = now()
    rows = session.scalars(
        select(Worker)
        .where(Worker.state != WorkerState.STOPPED, Worker.seen_at > moment - FORGOTTEN)
        .order_by(Worker.name)
    )
    return [
        WorkerSeen(
            name=row.name,
            engine=row.engine,
            device=row.device,
            model=row.model,
            state=row.state,
            detail=row.detail,
            in_flight=row.in_flight,
            # Clocks of two machines differ a little; nobody is seen in the future.
            seen_seconds_ago=max(0.0, (moment - row.seen_at).total_seconds()),
        )
        for row in rows
    ]


def _ask_redis(url: str) -> bool:
    client = redis.Redis.from_url(
        url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS, retry=Retry(NoBackoff(), 0)
    )
    with client:
        return bool(client.ping())


def _ask_store(url: str) -> Space:
    """Really write something: a disk that is full or read-only still lists its folders."""
    location = f".health/{new_id().hex}"
    with file_store().create(location) as stream:
        stream.write(b"ok")
    file_store().remove(location)
    return Space(file_store().free_bytes())
