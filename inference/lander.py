"""Carrying a chunk's finished lines into PostgreSQL, about once a second, for as long as the chunk runs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import IntegrityError

from inference import claiming
from inference.claiming import Claim
from inference.landing import Finished, Landing
from inference.patience import patiently
from schemas.database import DATABASE_LOST, session_scope
from schemas.errors import LeaseLost
from schemas.settings import settings

log = logging.getLogger(__name__)

LAND_AT_ONCE: Final = 1000


class Lander:
    """Each landing also renews the lease, and hears whether the batch still wants its answers."""

    def __init__(self, claim: Claim, when_unwanted: Callable[[], None]) -> None:
        self._claim = claim
        self._when_unwanted = when_unwanted
        self._landing = Landing()
        self._one_at_a_time = asyncio.Lock()
        self._hurry = asyncio.Event()
        self._closed = False
        self._work = asyncio.create_task(self._land_until_closed())
        self._work.add_done_callback(self._ended)

    def add(self, finished: Finished) -> None:
        self._landing.add(finished)
        if self._landing.lines >= LAND_AT_ONCE:
            self._hurry.set()

    async def flush(self) -> None:
        """What was added so far is saved when this returns, or the lease is lost."""
        async with self._one_at_a_time:
            landing, self._landing = self._landing, Landing()
            try:
                wanted = await patiently(_Saving(self._claim, landing))
            except LeaseLost as lost:
                log.warning("%s", lost.message)
                wanted = False
        if not wanted:
            self._when_unwanted()

    async def close(self) -> None:
        """Save the rest; nothing is added any more."""
        self._closed = True
        self._hurry.set()
        await self._work

    def _ended(self, work: "asyncio.Task[None]") -> None:
        if not work.cancelled() and work.exception() is not None:
            # `close` raises it; until somebody closes, nothing more should come that nobody saves.
            log.error("batch %s: answers can't be saved", self._claim.batch_id, exc_info=work.exception())
            self._when_unwanted()

    async def _land_until_closed(self) -> None:
        while not (self._closed and not self._landing.rows):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), settings().flush_seconds)
            self._hurry.clear()
            await self.flush()


@dataclass(slots=True)
class _Saving:
    """Saves exactly these lines, however often it is tried. False: nobody wants the rest."""

    claim: Claim
    landing: Landing
    lost_before: bool = False

    def __call__(self) -> bool:
        try:
            with session_scope() as session:
                return claiming.land(session, self.claim, self.landing, settings().lease_seconds)
        except DATABASE_LOST:
            self.lost_before = True
            raise
        except IntegrityError:
            # Lines are saved together or not at all: here the commit had arrived, and only its answer was lost.
            if not self.lost_before:
                raise
            return True
