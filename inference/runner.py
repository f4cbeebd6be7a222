"""Running chunks: claim, read ahead, keep the engine full, save what is finished about once a second.

`work_through` is what a wake-up comes to. While chunks drain, the next one already feeds, so the engine never waits for
the slowest request of a chunk.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from inference import claiming, queue
from inference.choosing import Asker
from inference.chunk_run import ChunkRun
from inference.claiming import Claim, Outcome
from inference.engine_host import EngineHost
from inference.patience import patiently
from schemas.database import session_scope
from schemas.errors import EngineError
from schemas.settings import settings

log = logging.getLogger(__name__)

# Chunks of which a few requests are still out. One that waits for a slow server must not keep others waiting.
MOST_DRAINING: Final = 16
# Work may come while chunks drain.
LOOK_AGAIN_SECONDS: Final = 1.0


async def work_through(host: EngineHost, may_end: Callable[[UUID], None]) -> int:
    """Run chunks until none is due for this worker; returns how many.

    `may_end` is told of each batch that waits for nothing more; it must not block. A chunk that can't be ended in order
    holds up no other one, and is raised once there is no more to do.
    """
    chunks = 0
    draining: set[asyncio.Task[None]] = set()
    errors: list[BaseException] = []
    try:
        while True:
            run = await _start_next(host) if len(draining) < MOST_DRAINING else None
            if run is not None:
                chunks += 1
                draining.add(asyncio.create_task(_see_out(run, may_end)))
            elif draining:
                ended, draining = await asyncio.wait(
                    draining, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                errors += [error for one in ended if (error := one.exception()) is not None]
            elif errors:
                raise errors[0]
            else:
                return chunks
    finally:
        if draining:
            await asyncio.wait(draining)


async def _see_out(run: ChunkRun, may_end: Callable[[UUID], None]) -> None:
    await _end(run)
    if await patiently(_may_end, run.claim.batch_id):
        may_end(run.claim.batch_id)


async def _start_next(host: EngineHost) -> ChunkRun | None:
    """Claim a chunk and feed it to the engine; returns once all of it is at the engine or done."""
    async with host.feeding:
        # Who has no engine that works claims nothing: another worker may have one.
        await host.recover()
        claim = None if host.stopping.is_set() else await _claim(host)
        if claim is None:
            return None
        log.info("chunk %d of batch %s: epoch %d, model %s", claim.number, claim.batch_id, claim.epoch, claim.model)
        run = ChunkRun(host, claim)
        try:
            await _hold(host, run)
            await run.feed()
        except EngineError:
            log.exception("chunk %d of batch %s stops early", claim.number, claim.batch_id)
            run.stop()
        except Exception:
            # A run that nobody drains would renew its lease for ever, and no other worker could have the chunk.
            run.stop()
            await _end(run)
            raise
        return run


async def _hold(host: EngineHost, run: ChunkRun) -> None:
    """Have the run's model loaded. A run that is to stop meanwhile ends at once, and the load goes on."""
    loading = asyncio.create_task(host.hold(run.claim.model))
    await run.done_or_stopped(loading)
    if not loading.done():
        await _end(run)
    await loading


async def _end(run: ChunkRun) -> None:
    """Wait for what is still at the engine, then give the chunk back, done or not."""
    try:
        await run.drained()
    finally:
        # However that went: a lease that runs out by itself counts as a death of the engine.
        await patiently(_end_lease, run.claim, run.outcome)


async def _claim(host: EngineHost) -> Claim | None:
    # Asked here, on the engine's loop: in the thread that claims it may change meanwhile.
    return await patiently(_claim_for, host.worker, host.loadable(), host.as_asker(), host.in_flight > 0)


def _claim_for(worker: str, models: Sequence[str], asker: Asker, busy: bool) -> Claim | None:
    with session_scope() as session:
        return queue.claim_next(session, worker, models, asker, settings().lease_seconds, busy=busy)


def _end_lease(claim: Claim, outcome: Outcome) -> None:
    with session_scope() as session:
        claiming.end_lease(session, claim, outcome)


def _may_end(batch_id: UUID) -> bool:
    """In a transaction of its own: of two workers that end the last two chunks at once, one must see both ended."""
    with session_scope() as session:
        return claiming.may_end(session, batch_id)
