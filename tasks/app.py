"""The Celery app. Its configuration is `celeryconfig.py`; importing it starts nothing."""

import logging
from threading import Timer
from typing import Any, Final

from celery import Celery
from celery.signals import after_setup_logger, worker_shutting_down

from schemas.settings import settings
from tasks.ending import end_process

# A little less than whoever stops a worker waits for it.
LAST_MOMENT_SECONDS: Final = 8.5

log = logging.getLogger(__name__)
app = Celery("tasks", config_source="celeryconfig")


@after_setup_logger.connect
def _log_from_the_level_of_the_settings(logger: logging.Logger, **_: Any) -> None:
    """Celery's own option is given to each command apart; the setting counts for all of them."""
    logger.setLevel(settings().log_level)


@worker_shutting_down.connect
def _end_at_the_last_moment(**_: Any) -> None:
    """A thread that waits for a database can't be stopped, and Celery would wait for the thread.

    Whatever it has in hand can be repeated.
    """
    timer = Timer(LAST_MOMENT_SECONDS, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    log.warning("a task does not end; the worker ends without it")
    end_process(1)
