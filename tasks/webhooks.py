"""Telling receivers about events."""

from threading import Lock

from inference.webhooks import delivery
from schemas.database import session_scope
from tasks.app import app

_delivering = Lock()


@app.task(name="webhooks.deliver")
def deliver_webhooks() -> None:
    """Make every delivery that is due, unless this worker is at it already: slow receivers keep one thread busy."""
    if not _delivering.acquire(blocking=False):
        return
    try:
        delivery.deliver_due(session_scope)
    finally:
        _delivering.release()
