"""One chunk on its way through the engine, under a lease."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.exc import IntegrityError

from inference import claiming
from inference.claiming import Claim, Landing
from inference.engine_host import EngineHost
from inference.engines.base import Answer, Usage
from inference.overload import pause_before_retry
from inference.result_lines import answered_line, result_row, unanswered_line
from inference.unanswered import Waiting, read_page
from schemas.database import DATABASE_LOST, session_scope
from schemas.errors import EngineError, LeaseLost
from schemas.settings import settings

log = logging.getLogger(__name__)

LAND_AT_ONCE: Final = 1000
ENGINE_FAULT: Final = ("engine_error", "The engine failed on this request in a way it does not explain.")


class ChunkRun:
    def __init__(self, host: EngineHost, claim: Claim) -> None:
        self.claim = claim
        self._host = host
        self._in_flight: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()
        self._drained = asyncio.Event()
        self._land_now = asyncio.Event()
        self._landing = Landing()
        self._lander = asyncio.create_task(self._land_until_drained())
        self._watch = asyncio.create_task(self._stop_with_the_worker())

    async def feed(self) -> None:
        """Hand every request that has no result yet to the engine, as fast as its window takes them."""
        async with aclosing(self._unanswered()) as requests:
            async for waiting in requests:
                await self._host.acquire()
                if self._stopped.is_set():
                    self._host.release()
                    return
                self._start(waiting)

    async def drained(self) -> None:
        """Wait for the answers that are still out, and until all is saved."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)
        self._watch.cancel()
        self._drained.set()
        self._land_now.set()
        await self._lander

    def stop(self) -> None:
        """Feed no more and abort what is at the engine; what is finished stays."""
        self._stopped.set()
        for task in self._in_flight:
            task.cancel()

    async def _stop_with_the_worker(self) -> None:
        await self._host.stopping.wait()
        self.stop()

    # Reading

    async def _unanswered(self) -> AsyncGenerator[Waiting, None]:
        """The chunk's requests without a result, read one page ahead."""
        next_page = asyncio.create_task(self._page_after(0))
        try:
            while page := await next_page:
                next_page = asyncio.create_task(self._page_after(page[-1].line))
                for waiting in page:
                    yield waiting
        finally:
            next_page.cancel()

    async def _page_after(self, line: int) -> Sequence[Waiting]:
        return [] if self._stopped.is_set() else await asyncio.to_thread(read_page, self.claim, line)

    # Answering

    def _start(self, waiting: Waiting) -> None:
        task = asyncio.create_task(self._answer(waiting))
        self._in_flight.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        # Here and not in the task: one that is cancelled before its first step never runs a line of its own.
        self._in_flight.discard(task)
        self._host.release()

    async def _answer(self, waiting: Waiting) -> None:
        try:
            answer = await self._lasting_answer(waiting.body.encode())
        except EngineError as error:
            if not self._stopped.is_set():
                self._host.broke(error)
                self.stop()
        except Exception:
            log.exception("batch %s line %d: the engine's adapter failed", self.claim.batch_id, waiting.line)
            self._add(waiting, unanswered_line(self.claim.batch_id, waiting.line, waiting.custom_id, *ENGINE_FAULT))
        else:
            line = answered_line(self.claim.batch_id, waiting.line, waiting.custom_id, answer)
            self._add(waiting, line, answer.status_code < 300, answer.usage)

    async def _lasting_answer(self, body: bytes) -> Answer:
        """The answer that counts: an overloaded engine is asked again."""
        attempts = 0
        while True:
            attempts += 1
            answer = await self._host.engine.answer(self.claim.endpoint, body)
            pause = self._pause(answer, attempts)
            if pause is None:
                return answer
            await asyncio.sleep(pause)

    def _pause(self, answer: Answer, attempts: int) -> float | None:
        if answer.status_code < 400:
            return None
        return pause_before_retry(
            answer.status_code,
            attempts,
            asked_seconds=answer.retry_after_seconds,
            most_server_errors=settings().max_engine_attempts,
            seconds_left=(self.claim.expires_at - datetime.now(UTC)).total_seconds(),
            chance=random.random(),
        )

    def _add(self, waiting: Waiting, line: bytes, succeeded: bool = False, usage: Usage = Usage()) -> None:  # noqa: B008
        row = result_row(self.claim.batch_id, waiting.line, succeeded=succeeded, answer=line)
        self._landing.add(row, succeeded, usage)
        if len(self._landing.rows) >= LAND_AT_ONCE:
            self._land_now.set()

    # Landing

    async def _land_until_drained(self) -> None:
        """Save about once a second; each time also renews the lease and hears whether the batch still wants us."""
        while not (self._drained.is_set() and not self._landing.rows):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._land_now.wait(), settings().flush_seconds)
            self._land_now.clear()
            await self._land()

    async def _land(self) -> None:
        landing, self._landing = self._landing, Landing()
        try:
            wanted = await self._saved(landing)
        except LeaseLost as lost:
            log.warning("%s", lost.message)
            self.stop()
        else:
            if landing.completed:
                self._host.served()
            if not wanted:
                self.stop()

    async def _saved(self, landing: Landing) -> bool:
        """Save exactly these lines, however often the database goes away. False: nobody wants the rest."""
        lost_before = False
        while True:
            try:
                return await asyncio.to_thread(_save, self.claim, landing)
            except IntegrityError:
                # Lines are saved together or not at all: here the commit had arrived, and only its answer was lost.
                if not lost_before:
                    raise
                return True
            except DATABASE_LOST as error:
                log.warning("chunk %d of batch %s: not saved yet: %s", self.claim.number, self.claim.batch_id, error)
                lost_before = True
                await asyncio.sleep(settings().flush_seconds)


def _save(claim: Claim, landing: Landing) -> bool:
    with session_scope() as session:
        return claiming.land(session, claim, landing, settings().lease_seconds)
