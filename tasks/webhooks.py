"""Telling receivers about events."""

from inference.webhooks import delivery
from schemas.database import session_scope
from tasks.app import app


@app.task(name="webhooks.deliver")
def deliver_webhooks() -> None:
    """Make every delivery that is due."""
    delivery.deliver_due(session_scope)
