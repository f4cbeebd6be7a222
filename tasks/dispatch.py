"""Sending wake-ups. This is all of `tasks` that web code may import.

A message carries ids only and may get lost: the tables say what is due, and the sweep re-sends it. So a broker that is
away costs seconds, not work, and is no error for the caller. Send after the commit.
"""

import logging
from collections.abc import Iterable, Mapping
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


def import_answers(import_id: UUID) -> None:
    _send("curation.import", "default", import_id.hex)


def advance_run(run_id: UUID) -> None:
    _send("curation.run", "default", run_id.hex)


def judge(judging_id: UUID) -> None:
    _send("curation.judge", "default", judging_id.hex)


def make_split(split_id: UUID) -> None:
    _send("curation.split", "default", split_id.hex)


def make_queue(queue_id: UUID) -> None:
    _send("curation.queue", "default", queue_id.hex)


def fill_columns(dataset_id: UUID) -> None:
    _send("curation.columns", "default", dataset_id.hex)


def score(scoring_id: UUID) -> None:
    _send("curation.score", "default", scoring_id.hex)


def write_export(export_id: UUID) -> None:
    _send("exports.write", "default", export_id.hex)


def curate_again(due: Mapping[str, Iterable[UUID]]) -> None:
    """What may have been lost, by task."""
    wanted = [(task, its_id) for task, its_ids in due.items() for its_id in its_ids]
    for task, its_id in wanted[: _missing("default", len(wanted))]:
        _send(task, "default", its_id.hex)


def send_again(validate: Iterable[UUID], finalise: Iterable[UUID]) -> None:
    """What may have been lost, the oldest batch first."""
    wanted = [(batch_id, "batches.validate") for batch_id in validate]
    wanted += [(batch_id, "batches.finalise") for batch_id in finalise]
    for batch_id, task in sorted(wanted)[: _missing("default", len(wanted))]:
        _send(task, "default", batch_id.hex)


def run_chunks(count: int) -> None:
    """Wake as many workers as there are chunks; one that finds nothing goes back to sleep."""
    for _ in range(_missing("inference", min(count, MOST_RUNS_AT_ONCE))):
        _send("inference.run", "inference")


def deliver_webhooks() -> None:
    """One message is enough: who takes it makes every delivery that is due then."""
    for _ in range(_missing("webhooks", 1)):
        _send("webhooks.deliver", "webhooks")


def _missing(queue: str, wanted: int) -> int:
    """How many messages to send: while all workers are busy for hours, the sweep must not heap up wake-ups."""
    if not wanted:
        return 0
    try:
        with app.connection_for_write() as connection:
            waiting = connection.default_channel.queue_declare(queue=queue, passive=True).message_count
    except ChannelError:
        # A queue without messages does not exist.
        return wanted
    except (OperationalError, RedisError) as error:
        log.warning("nothing is sent to the queue %s, the sweep will: %s", queue, error)
        return 0
    return max(0, wanted - int(waiting))


def _send(task: str, queue: str, *args: Any) -> None:
    try:
        app.send_task(task, args=args, queue=queue)
    except OperationalError as error:
        log.warning("%s was not sent, the sweep will: %s", task, error)
