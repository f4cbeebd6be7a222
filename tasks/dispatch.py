"""Sending wake-ups. This is all of `tasks` that web code may import.

A message carries ids only and may get lost: the tables say what is due, and the sweep re-sends it. So a broker that is
away costs seconds, not work, and is no error for the caller. Send after the commit.
"""

import logging
from typing import Any
from uuid import UUID

from kombu.exceptions import OperationalError

from tasks.app import app

log = logging.getLogger(__name__)

MOST_RUNS_AT_ONCE = 64


def validate_batch(batch_id: UUID) -> None:
    _send("batches.validate", "default", batch_id.hex)


def finalise_batch(batch_id: UUID) -> None:
    _send("batches.finalise", "default", batch_id.hex)


def run_chunks(count: int) -> None:
    """Wake as many workers as there are chunks; one that finds nothing goes back to sleep."""
    for _ in range(min(count, MOST_RUNS_AT_ONCE)):
        _send("inference.run", "inference")


def deliver_webhooks() -> None:
    _send("webhooks.deliver", "webhooks")


def _send(task: str, queue: str, *args: Any) -> None:
    try:
        app.send_task(task, args=args, queue=queue)
    except OperationalError as error:
        log.warning("%s was not sent, the sweep will: %s", task, error)
