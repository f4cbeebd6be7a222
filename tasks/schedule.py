"""What happens by the clock: the sweep that makes lost messages harmless, and the daily purge.

The sweep runs in beat's own process, so that no work of others can hold it up: docs/decisions/0004 says more.
"""

import logging
import time
from datetime import datetime
from threading import Thread
from typing import Any, Final
from uuid import UUID

from celery.signals import beat_init
from sqlalchemy import text
from sqlalchemy.orm import Session

from curation import batch_work, resuming
from curation.retention import purge_datasets, purge_queues
from inference import audit, pace_samples, retention, slow_down, sweep
from schemas.database import DATABASE_LOST, session_scope
from schemas.errors import PurgeIncomplete
from schemas.settings import settings
from schemas.tables import Dataset, Export, Import, Judging, Queue, Run, Scoring, Split
from schemas.tables.base import now
from tasks import dispatch
from tasks.app import app

log = logging.getLogger(__name__)

# When a database is back, everybody wants it at once.
SETTLE_SECONDS: Final = 5.0
UP_SECONDS: Final = text("SELECT extract(epoch FROM now() - pg_postmaster_start_time())")


@beat_init.connect
def _start_sweeping(**_: Any) -> None:
    Thread(target=_sweep_for_ever, name="sweep", daemon=True).start()


def _sweep_for_ever() -> None:
    spare_until = 0.0
    while True:
        began = time.monotonic()
        # Workers hold what is finished until a database that was away is back, and then need a moment to renew leases
        # that ran out meanwhile.
        try:
            seconds = _seconds_to_spare()
            if seconds > 0:
                spare_until = max(spare_until, _soon(seconds))
            sweep_for_work(spare_leases=time.monotonic() < spare_until)
        except DATABASE_LOST as error:
            log.warning("no sweep, the database is not available: %s", error)
            spare_until = _soon(settings().lease_seconds)
        except Exception:
            log.exception("a sweep failed; the next one is in %g s", settings().sweep_seconds)
        if time.monotonic() - began > settings().lease_seconds / 2:
            # Whatever it was that took so long, workers may have had to wait for it too.
            spare_until = _soon(settings().lease_seconds)
        time.sleep(settings().sweep_seconds)


def _soon(seconds: float) -> float:
    return time.monotonic() + seconds + SETTLE_SECONDS


def _seconds_to_spare() -> float:
    began = time.monotonic()
    with session_scope() as session:
        up_seconds = float(session.scalar(UP_SECONDS) or 0)
    return seconds_to_spare(up_seconds, time.monotonic() - began, settings().lease_seconds)


def seconds_to_spare(up_seconds: float, answered_after_seconds: float, lease_seconds: float) -> float:
    """How much longer no lease counts as over, since nobody could renew one while the database was away.

    It was, if it has started lately, or takes long to say when. One that has started in the future has had its clock
    set back.
    """
    if answered_after_seconds > lease_seconds / 2:
        return lease_seconds
    return max(0.0, lease_seconds - up_seconds) if up_seconds >= 0 else 0.0


def sweep_for_work(*, spare_leases: bool = False) -> None:
    """Wake whoever should have been woken already."""
    with session_scope() as session:
        due = sweep.find_due(session, spare_leases=spare_leases)
        left = due_in_workbench(session, now())
    dispatch.send_again(due.validate, due.finalise)
    dispatch.run_chunks(due.chunks)
    dispatch.deliver_webhooks()
    dispatch.curate_again(left)
    # Last, and by itself: work does not wait for what only tells of it.
    with session_scope() as session:
        pace_samples.take(session)


def due_in_workbench(session: Session, moment: datetime) -> dict[str, list[UUID]]:
    """What nobody seems to be at, by the task that goes on with it."""
    return {
        "curation.import": resuming.left_undone(session, Import, moment),
        "curation.run": batch_work.due(session, Run, moment),
        "curation.judge": batch_work.due(session, Judging, moment),
        "curation.split": resuming.left_undone(session, Split, moment),
        "curation.queue": resuming.left_undone(session, Queue, moment),
        "curation.score": resuming.left_undone(session, Scoring, moment),
        "curation.columns": resuming.left_undone(session, Dataset, moment),
        "exports.write": resuming.left_undone(session, Export, moment),
    }


@app.task(name="retention.purge", acks_late=False)
def purge() -> None:
    """Remove what is kept no longer. Acknowledged at once: after months without one, a purge may take hours."""
    purge_queues(session_scope)
    purge_datasets(session_scope)
    audit.purge(session_scope, now())
    slow_down.purge(session_scope, now())
    purged = retention.purge(session_scope, now())
    if purged.stuck:
        # A task that failed is what an operator sees.
        raise PurgeIncomplete(purged.stuck)
