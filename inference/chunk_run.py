"""One chunk on its way through the engine, under a lease."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import Final
from uuid import UUID

from inference import claiming, finished, reuse, unanswered
from inference.claiming import Claim, Outcome
from inference.engine_host import EngineHost
from inference.engines.base import Answer
from inference.lander import Lander
from inference.overload import (
    FIRST_REST_SECONDS,
    LATER,
    PutOff,
    Tries,
    patience_seconds,
    pause_before_retry,
    refuses,
    rest_seconds,
)
from inference.patience import patiently
from inference.reuse import Kept
from inference.suspicion import group_size, is_culprit
from inference.unanswered import Waiting
from schemas.database import session_scope
from schemas.errors import EngineError
from schemas.settings import settings

log = logging.getLogger(__name__)

ENGINE_CRASHED: Final = ("engine_crashed", "The engine died each time it worked on this request, at last on it alone.")
ENGINE_FAULT: Final = ("engine_error", "The engine failed on this request in a way it does not explain.")


class ChunkRun:
    def __init__(self, host: EngineHost, claim: Claim) -> None:
        self.claim = claim
        self._died_at = 0
        self._fed_to = 0
        self._answered_any = self._resting = False
        # For what the engine refused for too long: the longest pause that such a request is to have.
        self._put_off_seconds = 0.0
        self._host = host
        self._in_flight: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()
        self._lander = Lander(claim, when_unwanted=self.stop)
        host.join(self)

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def outcome(self) -> Outcome:
        if not self._put_off_seconds:
            return Outcome(self._died_at)
        rests = 1 if self._answered_any else self.claim.rests + 1
        return Outcome(self._died_at, rest_seconds(rests - 1, self._put_off_seconds), rests)

    async def feed(self) -> None:
        """Hand every request that has no result yet to the engine, as fast as its window takes them, or until stopped.

        Others may hold the window for hours, and one that is to stop waits no longer for a place in it.
        """
        feeding = asyncio.create_task(self._feed())
        await self.done_or_stopped(feeding)
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding

    async def done_or_stopped(self, work: "asyncio.Task[None]") -> None:
        """Wait for this work, but no longer than until this run is to stop."""
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()

    async def _feed(self) -> None:
        if self.claim.deaths and self._can_kill:
            await self._try_suspects()
        if self.stopped:
            return
        await self._note_reach(len(self.claim.lines))
        async with aclosing(self._unanswered()) as requests:
            async for waiting in requests:
                if not await self._hand_over(waiting):
                    return
        self._host.last_beginning = self.claim.ends

    async def drained(self) -> None:
        """Wait for the answers that are still out, and until all is saved."""
        await self._answered()
        self._host.leave(self)
        try:
            await self._lander.close()
        except Exception:
            # What can't be saved would be claimed again at once, and for ever.
            self._put_off_seconds, self._answered_any = FIRST_REST_SECONDS, False
            raise

    @property
    def _can_kill(self) -> bool:
        """Whether a request can be what an engine dies of. One that is elsewhere dies of nothing here."""
        return self._host.engine.pulse is not None

    @property
    def _reuses(self) -> bool:
        """Whether answers of earlier batches count here: only where another model would be told from this one."""
        return self.claim.reuse and self._host.knows_its_revision

    def stop(self) -> None:
        """Feed no more and abort what is at the engine; what is finished stays."""
        self._stopped.set()
        for task in self._in_flight:
            task.cancel()

    def engine_died(self) -> None:
        if self._in_flight and not self.stopped:
            self._died_at = self._fed_to
        self.stop()

    async def _answered(self) -> None:
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    # Suspects

    async def _try_suspects(self) -> None:
        """Answer them all, or find the one among them that the engine does not survive.

        Should it die here, the group that did it is on record, and the chunk's next run has fewer suspects.
        """
        claim = self.claim
        # What drains at the engine must not die in their company. Nobody else feeds meanwhile.
        await self._host.idle()
        suspects = await patiently(unanswered.count, claim, claim.suspect_to)
        size = group_size(claim.deaths, suspects)
        log.warning("chunk %d of batch %s: trying %d suspects by %d", claim.number, claim.batch_id, suspects, size)
        while not self.stopped:
            # Those before have a result by now.
            group = await patiently(unanswered.read_page, claim, 0, claim.suspect_to, size)
            if not group:
                await patiently(_acquit, claim)
                return
            if is_culprit(claim.deaths, suspects):
                self._give_up(group[0], *ENGINE_CRASHED)
                await self._flushed()
            else:
                await self._note_reach(group[-1].place)
                await self._answer_alone(group)

    async def _note_reach(self, place: int) -> None:
        """Have on record how far the engine may get, before it gets there."""
        if self._can_kill:
            await patiently(_reach, self.claim, place)

    async def _answer_alone(self, group: Sequence[Waiting]) -> None:
        """Have these answered and saved before anything else is at the engine."""
        for waiting in group:
            if not await self._hand_over(waiting):
                break
        await self._answered()
        await self._flushed()
        if self._put_off_seconds:
            # They would come again and again.
            self.stop()

    async def _flushed(self) -> None:
        # It goes on when feeding is cut off: what it has taken is nowhere else.
        await asyncio.shield(self._lander.flush())

    # Reading

    async def _unanswered(self) -> AsyncGenerator[Waiting, None]:
        """The chunk's requests without a result, read one page ahead.

        The first ones may be those that are refused: then begin anywhere.
        """
        first = await patiently(unanswered.any_place, self.claim) if self.claim.rests else 0
        for after, up_to in ((first, len(self.claim.lines)), (0, first)):
            next_page = asyncio.create_task(self._page_after(after, up_to))
            try:
                while page := await next_page:
                    next_page = asyncio.create_task(self._page_after(page[-1].place, up_to))
                    left = await self._without_kept(page)
                    for waiting in random.sample(left, len(left)) if self.claim.rests else left:
                        yield waiting
            finally:
                next_page.cancel()

    async def _without_kept(self, page: Sequence[Waiting]) -> Sequence[Waiting]:
        """Those that must be computed: the others have an answer from an earlier batch."""
        if not self._reuses:
            return page
        serving_id = self._host.serving_id
        kept = await patiently(_find_kept, self.claim, serving_id, page)
        for waiting in page:
            if (found := kept.get(waiting.line)) is not None:
                self._lander.add(finished.reused(self.claim, waiting, found, serving_id))
        if kept:
            # They come faster than they are saved.
            await self._flushed()
        return [waiting for waiting in page if waiting.line not in kept]

    async def _page_after(self, place: int, up_to: int) -> Sequence[Waiting]:
        return [] if self.stopped else await patiently(unanswered.read_page, self.claim, place, up_to)

    # Answering

    async def _hand_over(self, waiting: Waiting) -> bool:
        """Put a request at the engine once its window has a place. False: this run is to stop."""
        await self._host.acquire()
        if self.stopped or self._resting:
            self._host.release()
            return False
        self._fed_to = max(self._fed_to, waiting.place)
        task = asyncio.create_task(self._answer(waiting))
        self._in_flight.add(task)
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: "asyncio.Task[None]") -> None:
        # Here and not in the task: one that is cancelled before its first step never runs a line of its own.
        self._in_flight.discard(task)
        self._host.release()

    async def _answer(self, waiting: Waiting) -> None:
        began = time.monotonic()
        try:
            answer = await self._lasting_answer(waiting.body.encode(), began)
            seconds = time.monotonic() - began
            lines = finished.computed(
                self.claim, waiting, answer, self._host.serving_id, seconds=seconds, keep=self._reuses
            )
        except EngineError as error:
            self._host.broke(error)
        except PutOff as refused:
            self._put_off(refused, began)
        except Exception:
            log.exception("batch %s line %d: the engine's adapter failed", self.claim.batch_id, waiting.line)
            self._give_up(waiting, *ENGINE_FAULT, seconds=time.monotonic() - began)
        else:
            if not refuses(answer.status_code):
                self._answered_any = True
                self._host.served()
            if lines.succeeded:
                self._host.throughput.did(self.claim.tokens_per_line)
            self._lander.add(lines)

    async def _lasting_answer(self, body: bytes, began: float) -> Answer:
        """The answer that counts: an overloaded engine is asked again."""
        tries = Tries()
        while True:
            answer = await self._host.engine.answer(self.claim.endpoint, body)
            pause = self._pause(answer, tries)
            if pause is None:
                return answer
            patience = patience_seconds(0 if self._answered_any else self.claim.rests)
            left = max(0.0, began + patience - time.monotonic())
            if answer.status_code in LATER and pause > left:
                # It keeps its place to the end: meanwhile it shows whether others are served.
                await asyncio.sleep(left)
                raise PutOff(answer.status_code, pause - left)
            await asyncio.sleep(pause)

    def _pause(self, answer: Answer, tries: Tries) -> float | None:
        if answer.status_code < 400:
            return None
        tries.add(answer.status_code)
        return pause_before_retry(
            answer.status_code,
            tries,
            asked_seconds=answer.retry_after_seconds,
            most_server_errors=settings().max_engine_attempts,
            chance=random.random(),
        )

    def _put_off(self, refused: PutOff, began: float) -> None:
        """Leave the request without a result until the chunk has rested, and so its place to another.

        Where nobody has been served in all that time, it is not about the request: those at the engine are seen out,
        and no others follow.
        """
        self._put_off_seconds = max(self._put_off_seconds, refused.pause_seconds)
        if self._host.served_at < began:
            self._resting = True
            self._host.rest(refused.status_code, refused.pause_seconds)

    def _give_up(self, waiting: Waiting, code: str, message: str, seconds: float = 0.0) -> None:
        """Let the request have this error for its result."""
        log.error("batch %s line %d: %s: %s", self.claim.batch_id, waiting.line, code, message)
        self._lander.add(finished.given_up(self.claim, waiting, code, message, seconds=seconds))


def _find_kept(claim: Claim, serving_id: UUID, page: Sequence[Waiting]) -> dict[int, Kept]:
    digests = {waiting.line: reuse.digest_of(claim.endpoint, waiting.body) for waiting in page}
    wanted = [digest for digest in digests.values() if digest]
    with session_scope() as session:
        kept = reuse.find(session, claim.tenant, serving_id, wanted)
    return {line: kept[digest] for line, digest in digests.items() if digest and digest in kept}


def _reach(claim: Claim, place: int) -> None:
    with session_scope() as session:
        claiming.reach(session, claim, place)


def _acquit(claim: Claim) -> None:
    with session_scope() as session:
        claiming.acquit(session, claim)
