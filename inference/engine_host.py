"""A worker's engine: one event loop in one thread, which holds one model at a time for the life of the process."""

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, Final, Protocol
from uuid import UUID

from inference import serving
from inference.choosing import Asker
from inference.engines.base import Engine, Loaded
from inference.models import registry
from inference.patience import patiently
from inference.pulse import PulseWatch
from inference.reloads import Reloads
from inference.serving import Served
from inference.throughput import Throughput
from schemas.database import session_scope
from schemas.errors import EngineError
from schemas.settings import settings
from schemas.states import WorkerState
from schemas.tables.base import now

log = logging.getLogger(__name__)

WINDOW_PER_CONCURRENCY: Final = 2
PULSE_SECONDS: Final = 1.0


class Run(Protocol):
    """What works with the engine, and has to know when it is over."""

    def stop(self) -> None: ...

    def engine_died(self) -> None: ...


class EngineHost:
    def __init__(self, worker: str, engine: Engine, models: Mapping[str, str], window: int) -> None:
        self.worker = worker
        self.engine = engine
        self.models = dict(models)
        self.held: str | None = None
        self.loaded: Loaded | None = None
        self.serving: Served | None = None
        self.state = WorkerState.STARTING
        self.detail = ""
        self.started_at = now()
        self.in_flight = 0
        # When the engine last gave an answer that is no refusal.
        self.served_at = 0.0
        self.stopping = asyncio.Event()
        # One chunk feeds the engine at a time; the next one starts while the last one drains.
        self.feeding = asyncio.Lock()
        self._runs: set[Run] = set()
        self.throughput = Throughput()
        # Checksums of how the prompts begin that were fed last.
        self.last_beginning = b""
        self._held_since = 0.0
        self._load_seconds: dict[str, float] = {}
        self._wanted_window = window
        self._reloads = Reloads(models)
        self._slots = asyncio.Semaphore(0)
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.submit(self._watch_pulse()).add_done_callback(tell_of_failure)

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Run a coroutine on the engine's loop, from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    # Stopping

    def wrap_up(self) -> None:
        """Claim nothing more; what runs is aborted at the engine, saved and given back."""
        self._loop.call_soon_threadsafe(self._wrap_up)

    def _wrap_up(self) -> None:
        self.stopping.set()
        for run in self._runs:
            run.stop()

    def stop(self, timeout_seconds: float) -> None:
        self.wrap_up()
        self.submit(self._close()).result(timeout_seconds)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout_seconds)

    async def _close(self) -> None:
        await self._idle.wait()
        await self._unload()
        self.state = WorkerState.STOPPED

    # Models

    async def hold(self, model: str) -> None:
        """Have this model loaded, in place of another one if need be. Called under `feeding`."""
        if self.held == model and self.state != WorkerState.BROKEN:
            return
        await self._idle.wait()
        await self._unload()
        await self._load(model)

    async def recover(self) -> None:
        """Have some model loaded that works, however often that takes, unless the worker is to stop.

        Called under `feeding`.
        """
        last = self.held
        while self.models and (self.held is None or self.state == WorkerState.BROKEN):
            model, pause_seconds = self._reloads.next_to_load(last, time.monotonic())
            if await self._stops_within(pause_seconds):
                return
            try:
                await self.hold(model)
            except EngineError:
                # What ran until now has the first chance, but no more than that: another model may be well.
                last = None

    def loadable(self) -> list[str]:
        """The models that may be asked for: the one that works here, and all but those that failed a moment ago."""
        moment = time.monotonic()
        works = [self.held] if self.held is not None and not self._reloads.rests(self.held, moment) else []
        return works + [model for model in self._reloads.due(moment) if model not in works]

    def as_asker(self) -> Asker:
        """What decides which work is for this worker."""
        return Asker(
            self.held,
            held_seconds=time.monotonic() - self._held_since,
            tokens_per_second=self.throughput.per_second(),
            workers=1,
            last_beginning=self.last_beginning,
            load_seconds=self._load_seconds,
        )

    async def _stops_within(self, seconds: float) -> bool:
        if self.stopping.is_set():
            return True
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _load(self, model: str) -> None:
        began = time.monotonic()
        self.state, self.detail = WorkerState.LOADING, f"loading {model}"
        try:
            self.loaded = await self._loaded_in_time(model)
        except EngineError as error:
            self._fail(model, error)
            raise
        except Exception as error:
            # An adapter may fail in ways of its own; to the worker all of them are an engine that can't serve.
            failure = EngineError(f"{model} could not be loaded: {error!r}")
            self._fail(model, failure)
            raise failure from error
        window = self._wanted_window or WINDOW_PER_CONCURRENCY * self.loaded.concurrency
        self._slots = asyncio.Semaphore(window)
        self.held, self._held_since, self.last_beginning = model, time.monotonic(), b""
        self._load_seconds[model] = self._held_since - began
        self.serving = serves = serving.identify(model, self.models[model], self.engine.name, self.loaded)
        self.state, self.detail = WorkerState.READY, ""
        await patiently(_record_loaded, serves, self.loaded.max_tokens)

    async def _loaded_in_time(self, model: str) -> Loaded:
        limit = settings().engine_load_seconds
        try:
            async with asyncio.timeout(limit or None) as patience:
                return await self.engine.load(model, self.models[model])
        except TimeoutError as error:
            if not patience.expired():
                raise
            raise EngineError(f"{model} is not loaded after {limit:.0f} seconds.") from error

    @property
    def serving_id(self) -> UUID:
        """What answers come from."""
        if self.serving is None:
            raise EngineError("No model was ever loaded here.")
        return self.serving.id

    @property
    def knows_its_revision(self) -> bool:
        """Whether other weights would make another serving."""
        return self.serving is not None and self.serving.details.get("revision") is not None

    async def _unload(self) -> None:
        if self.held is not None:
            self.held = None
            await self.engine.unload()

    # Requests in flight

    def join(self, run: Run) -> None:
        self._runs.add(run)
        if self.stopping.is_set():
            run.stop()

    def leave(self, run: Run) -> None:
        self._runs.discard(run)

    async def acquire(self) -> None:
        """Take one of the places in the window of requests that are at the engine."""
        await self._slots.acquire()
        self.in_flight += 1
        self.throughput.begin()
        self._idle.clear()

    def release(self) -> None:
        self._slots.release()
        self.in_flight -= 1
        if self.in_flight == 0:
            self.throughput.end()
            self._idle.set()

    async def idle(self) -> None:
        """Wait until nothing is at the engine."""
        await self._idle.wait()

    # Health

    def broke(self, error: EngineError) -> None:
        """The engine is gone, and with it whatever was in flight."""
        if self.state != WorkerState.BROKEN and self.held is not None:
            self._fail(self.held, error)
        for run in self._runs:
            run.engine_died()

    def served(self) -> None:
        """The engine answered: it is well."""
        self.served_at = time.monotonic()
        if self.held is not None and self.state == WorkerState.READY:
            self._reloads.worked(self.held)

    def rest(self, refused_with: int, asked_seconds: float) -> None:
        """The engine is overloaded or can't be reached: take up no more work for its model, for a while."""
        moment = time.monotonic()
        if self.held is not None and not self._reloads.rests(self.held, moment):
            self._reloads.rest(self.held, moment, refused_with, asked_seconds)
            log.warning("%s: %s", self.worker, self.visible_detail)

    def _fail(self, model: str, error: EngineError) -> None:
        self._reloads.failed(model, time.monotonic(), error.message)
        self.state, self.detail = WorkerState.BROKEN, error.message
        log.error("%s: the engine can't serve: %s", self.worker, error.message)

    async def _watch_pulse(self) -> None:
        patience_seconds = settings().engine_stall_seconds
        watch = PulseWatch(patience_seconds)
        while not await self._stops_within(PULSE_SECONDS):
            try:
                # Asked at all times: an engine that loads is at no work, and that is when its patience begins anew.
                at_work = self.in_flight if self.state == WorkerState.READY else 0
                if watch.stands_still(self.engine.pulse, at_work, time.monotonic()):
                    self.broke(EngineError(f"The engine has not moved for {patience_seconds:.0f} seconds."))
            except Exception:
                log.exception("%s: the engine's pulse can't be taken", self.worker)

    @property
    def visible_detail(self) -> str:
        return self.detail or self._reloads.why_not(self.held, time.monotonic())

    @property
    def visible_state(self) -> WorkerState:
        return WorkerState.BUSY if self.state == WorkerState.READY and self.in_flight else self.state


def tell_of_failure(work: Future[Any]) -> None:
    """For work that nobody waits for, so that nobody else would hear how it ended."""
    if not work.cancelled() and (error := work.exception()) is not None:
        log.error("a worker's background work has ended", exc_info=error)


def _record_loaded(served: Served, max_tokens: int | None) -> None:
    with session_scope() as session:
        registry.record_loaded(session, served.model, max_tokens)
        serving.record(session, served)
