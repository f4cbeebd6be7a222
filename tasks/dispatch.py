"""Sending wake-ups. This is all of `tasks` that web code may import.

A message carries ids only and may get lost: the tables say what is due, and the sweep re-sends it. So a broker that is
away costs seconds, not work, and is no error for the caller. Send after the commit.
"""

import logging
from typing import Any
from uuid import UUID

from kombu.exceptions import ChannelError, OperationalError
from redis.exceptions import RedisError

from tasks.app import app

log = logging.getLogger(__name__)

MOST_RUNS_AT_ONCE = 16


def validate_batch(batch_id: UUID) -> None:
    _send("batches.validate", "default", batch_id.hex)


def finalise_batch(batch_id: UUID) -> None:
    _send("batches.finalise", "default", batch_id.hex)


def run_chunks(count: int) -> None:
    """Wake as many workers as there are chunks; one that finds nothing goes back to sleep.

    What already lies in the queue counts: while all workers are busy for hours, the sweep must not heap up wake-ups.
    """
    wanted = min(count, MOST_RUNS_AT_ONCE)
    for _ in range(wanted - _waiting("inference") if wanted else 0):
        _send("inference.run", "inference")


def deliver_webhooks() -> None:
    _send("webhooks.deliver", "webhooks")


def _waiting(queue: str) -> int:
    """How many messages nobody has taken yet; none, where the broker can't say."""
    try:
        with app.connection_for_write() as connection:
            return int(connection.default_channel.queue_declare(queue=queue, passive=True).message_count)
    except (ChannelError, OperationalError, RedisError):
        return 0


def _send(task: str, queue: str, *args: Any) -> None:
    try:
        app.send_task(task, args=args, queue=queue)
    except OperationalError as error:
        log.warning("%s was not sent, the sweep will: %s", task, error)
