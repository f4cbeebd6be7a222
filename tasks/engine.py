"""The engine of a GPU worker: made when the worker starts to consume `inference`, held until it ends."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from celery.signals import celeryd_after_setup, worker_ready, worker_shutdown, worker_shutting_down

from inference import worker_life
from inference.engine_host import EngineHost
from inference.engines.base import create_engine
from schemas.errors import EngineError, VbsError
from schemas.settings import settings
from tasks import dispatch
from tasks.ending import end_process

log = logging.getLogger(__name__)

QUEUE: Final = "inference"
# With what goes before, this stays under the ten seconds that a busy worker may take to end.
STOP_SECONDS: Final = 5.0

_host: EngineHost | None = None


def work_through(may_end: Callable[[UUID], None]) -> int:
    """Run chunks on this process's engine until none is due."""
    if _host is None:
        raise EngineError("This worker holds no engine: it does not consume the queue `inference`.")
    return worker_life.work_through(_host, may_end)


@contextmanager
def _or_exit() -> Iterator[None]:
    """Celery logs what a signal's receiver raises and goes on; a worker without its engine must not."""
    try:
        yield
    except VbsError as error:
        log.error("The engine %s can't be started: %s", settings().engine, error.message)
        raise SystemExit(1) from error
    except Exception as error:
        log.exception("The engine %s can't be started", settings().engine)
        raise SystemExit(1) from error


@celeryd_after_setup.connect
def _make_engine(sender: str, instance: Any, **_: Any) -> None:
    global _host
    if QUEUE not in instance.app.amqp.queues.consume_from:
        return
    wanted = settings()
    with _or_exit():
        engine = create_engine(wanted.engine, wanted.engine_args)
        _host = EngineHost(sender, engine, wanted.models, wanted.engine_window)


@worker_ready.connect
def _start_engine(**_: Any) -> None:
    if _host is not None:
        with _or_exit():
            worker_life.start(_host, when_loaded=lambda: dispatch.run_chunks(1))


@worker_shutting_down.connect
def _wrap_up(**_: Any) -> None:
    if _host is not None:
        _host.wrap_up()


@worker_shutdown.connect
def _stop_engine(sender: Any, **_: Any) -> None:
    if _host is None:
        return
    try:
        worker_life.stop(_host, STOP_SECONDS)
    except Exception:
        log.exception("The worker does not end in order")
    end_process(sender.exitcode or 0)
