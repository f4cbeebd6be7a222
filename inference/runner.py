"""Running chunks: claim, read ahead, keep the engine full, save what is finished about once a second.

`work_through` is what a wake-up comes to. Two of them run at a time in a worker: while one chunk drains, the other
one already feeds, so the engine never waits for the slowest request of a chunk.
"""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from inference import claiming
from inference.chunk_run import ChunkRun
from inference.claiming import Claim
from inference.engine_host import EngineHost
from inference.patience import patiently
from schemas.database import session_scope
from schemas.errors import EngineError
from schemas.settings import settings

log = logging.getLogger(__name__)


async def work_through(host: EngineHost, may_end: Callable[[UUID], None]) -> int:
    """Run chunks until none is due for this worker; returns how many.

    `may_end` is told of each batch that waits for nothing more.
    """
    chunks = 0
    while (run := await _start_next(host)) is not None:
        chunks += 1
        await _end(run)
        if await patiently(_may_end, run.claim.batch_id):
            # It sends a message, and a broker that is away must not hold up the engine.
            await asyncio.to_thread(may_end, run.claim.batch_id)
    return chunks


async def _start_next(host: EngineHost) -> ChunkRun | None:
    """Claim a chunk and feed it to the engine; returns once all of it is at the engine or done."""
    async with host.feeding:
        # Who has no engine that works claims nothing: another worker may have one.
        await host.recover()
        claim = None if host.stopping.is_set() else await patiently(_claim, host)
        if claim is None:
            return None
        log.info("chunk %d of batch %s: epoch %d, model %s", claim.number, claim.batch_id, claim.epoch, claim.model)
        run = ChunkRun(host, claim)
        try:
            await host.hold(claim.model)
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


async def _end(run: ChunkRun) -> None:
    """Wait for what is still at the engine, then give the chunk back, done or not."""
    try:
        await run.drained()
    finally:
        # However that went: a lease that runs out by itself counts as a death of the engine.
        await patiently(_end_lease, run.claim, run.died_at)


def _claim(host: EngineHost) -> Claim | None:
    with session_scope() as session:
        return claiming.claim(session, host.worker, host.loadable(), host.held, settings().lease_seconds)


def _end_lease(claim: Claim, died_at: int) -> None:
    with session_scope() as session:
        claiming.end_lease(session, claim, died_at)


def _may_end(batch_id: UUID) -> bool:
    """In a transaction of its own: of two workers that end the last two chunks at once, one must see both ended."""
    with session_scope() as session:
        return claiming.may_end(session, batch_id)
