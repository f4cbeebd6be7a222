"""What beat starts: the sweep that makes lost messages harmless, and the daily purge."""

from inference import retention, sweep
from schemas.database import session_scope
from schemas.tables.base import now
from tasks import dispatch
from tasks.app import app


@app.task(name="schedule.sweep")
def sweep_for_work() -> None:
    """Wake whoever should have been woken already."""
    with session_scope() as session:
        due = sweep.find_due(session)
    for batch_id in due.validate:
        dispatch.validate_batch(batch_id)
    for batch_id in due.finalise:
        dispatch.finalise_batch(batch_id)
    dispatch.run_chunks(due.chunks)
    dispatch.deliver_webhooks()


@app.task(name="retention.purge")
def purge() -> None:
    """Remove what is kept no longer."""
    retention.purge(session_scope, now())
