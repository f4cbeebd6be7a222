"""A GPU worker from start to end: it makes itself known, loads its first model, works, and says goodbye."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from inference import claiming, presence, runner
from inference.engine_host import EngineHost, tell_of_failure
from inference.models import registry
from schemas.database import DATABASE_LOST, session_scope
from schemas.states import WorkerState

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0


def start(host: EngineHost, when_loaded: Callable[[], None]) -> None:
    """Start the engine's thread, its heartbeat and the load of its first model; returns at once."""
    with session_scope() as session:
        registry.announce(session, host.models, host.engine.name)
        claiming.take_back(session, host.worker)
    host.start()
    for work in (beat_for_ever(host), _load_first_model(host, when_loaded)):
        host.submit(work).add_done_callback(tell_of_failure)


def work_through(host: EngineHost, may_end: Callable[[UUID], None]) -> int:
    """Run chunks until none is due; called from a worker's task thread."""
    chunks: int = host.submit(runner.work_through(host, may_end)).result()
    return chunks


def stop(host: EngineHost, timeout_seconds: float) -> None:
    try:
        host.stop(timeout_seconds)
    except TimeoutError:
        log.warning(
            "%s: the engine did not stop in %.0f seconds; the process ends anyway", host.worker, timeout_seconds
        )
    host.state = WorkerState.STOPPED
    _record(host)


async def _load_first_model(host: EngineHost, when_loaded: Callable[[], None]) -> None:
    """Load before work arrives, so that the first batch does not wait for it."""
    async with host.feeding:
        await host.recover()
    await asyncio.to_thread(when_loaded)


async def beat_for_ever(host: EngineHost) -> None:
    while True:
        try:
            await asyncio.to_thread(_record, host)
        except DATABASE_LOST as error:
            log.warning("%s: no heartbeat: %s", host.worker, error)
        except Exception:
            # One that can't be written must not be the last.
            log.exception("%s: no heartbeat", host.worker)
        await asyncio.sleep(HEARTBEAT_SECONDS)


def _record(host: EngineHost) -> None:
    with session_scope() as session:
        presence.record(session, host)
