"""A worker's engine: one event loop in one thread, which holds one model at a time for the life of the process."""

import asyncio
import logging
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, Final

from inference.engines.base import Engine, Loaded
from inference.models import registry
from schemas.database import session_scope
from schemas.errors import EngineError
from schemas.states import WorkerState
from schemas.tables.base import now

log = logging.getLogger(__name__)

WINDOW_PER_CONCURRENCY: Final = 2
RELOAD_PAUSES_SECONDS: Final = (1, 2, 5, 10, 30, 60)


class EngineHost:
    def __init__(self, worker: str, engine: Engine, models: Mapping[str, str], window: int) -> None:
        self.worker = worker
        self.engine = engine
        self.models = dict(models)
        self.held: str | None = None
        self.loaded: Loaded | None = None
        self.state = WorkerState.STARTING
        self.detail = ""
        self.started_at = now()
        self.in_flight = 0
        self.stopping = asyncio.Event()
        # One chunk feeds the engine at a time; the next one starts while the last one drains.
        self.feeding = asyncio.Lock()
        self._wanted_window = window
        self._failures = 0
        self._slots = asyncio.Semaphore(0)
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Run a coroutine on the engine's loop, from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wrap_up(self) -> None:
        """Claim nothing more; what runs is aborted at the engine, saved and given back."""
        self._loop.call_soon_threadsafe(self.stopping.set)

    def stop(self, timeout_seconds: float) -> None:
        self.wrap_up()
        self.submit(self._close()).result(timeout_seconds)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout_seconds)

    async def _close(self) -> None:
        await self._idle.wait()
        await self._unload()
        self.state = WorkerState.STOPPED

    async def hold(self, model: str) -> None:
        """Have this model loaded, in place of another one if need be. Called under `feeding`."""
        if self.held == model and self.state != WorkerState.BROKEN:
            return
        await self._idle.wait()
        await self._unload()
        await self._load(model)

    async def _load(self, model: str) -> None:
        self.state, self.detail = WorkerState.LOADING, f"loading {model}"
        try:
            self.loaded = await self.engine.load(model, self.models[model])
        except EngineError as error:
            self.broke(error)
            raise
        except Exception as error:
            # An adapter may fail in ways of its own; to the worker all of them are an engine that can't serve.
            failure = EngineError(f"{model} could not be loaded: {error!r}")
            self.broke(failure)
            raise failure from error
        window = self._wanted_window or WINDOW_PER_CONCURRENCY * self.loaded.concurrency
        self._slots = asyncio.Semaphore(window)
        self.held = model
        self.state, self.detail = WorkerState.READY, ""
        await asyncio.to_thread(_record_loaded, model, self.loaded.max_tokens)

    async def _unload(self) -> None:
        if self.held is not None:
            self.held = None
            await self.engine.unload()

    async def acquire(self) -> None:
        """Take one of the places in the window of requests that are at the engine."""
        await self._slots.acquire()
        self.in_flight += 1
        self._idle.clear()

    def release(self) -> None:
        self._slots.release()
        self.in_flight -= 1
        if self.in_flight == 0:
            self._idle.set()

    def broke(self, error: EngineError) -> None:
        """The engine is gone; the next claim loads it anew, after a pause that grows."""
        if self.state == WorkerState.BROKEN:
            # Every chunk that was at the engine tells of the same death.
            return
        self._failures += 1
        self.state, self.detail = WorkerState.BROKEN, error.message
        log.error("%s: the engine can't serve: %s", self.worker, error.message)

    def served(self) -> None:
        """The engine answered: it is well."""
        self._failures = 0

    @property
    def visible_state(self) -> WorkerState:
        return WorkerState.BUSY if self.state == WorkerState.READY and self.in_flight else self.state

    @property
    def pause_seconds(self) -> float:
        """How long to leave a broken engine alone before it is loaded again."""
        if self._failures == 0:
            return 0
        return RELOAD_PAUSES_SECONDS[min(self._failures, len(RELOAD_PAUSES_SECONDS)) - 1]


def _record_loaded(model: str, max_tokens: int | None) -> None:
    with session_scope() as session:
        registry.record_loaded(session, model, max_tokens)
