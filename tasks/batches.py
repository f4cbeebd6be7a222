"""The life of a batch, as Celery sees it: an id in, one call."""

from uuid import UUID

from inference import finaliser, intake
from schemas.database import session_scope
from schemas.states import BatchStatus
from tasks import dispatch
from tasks.app import app


@app.task(name="batches.validate")
def validate_batch(batch_id: str) -> None:
    """Check a batch's file and take in its requests."""
    with session_scope() as session:
        outcome = intake.take_in(session, UUID(batch_id))
    match outcome:
        case None:
            # Validated already, or cancelled meanwhile: then this is what ends it.
            dispatch.finalise_batch(UUID(batch_id))
        case BatchStatus.IN_PROGRESS:
            dispatch.run_chunks(dispatch.MOST_RUNS_AT_ONCE)
        case _:
            dispatch.deliver_webhooks()


@app.task(name="batches.finalise")
def finalise_batch(batch_id: str) -> None:
    """Write a batch's files and end it, if nothing of it is left to run."""
    if finaliser.finalise(UUID(batch_id)) is not None:
        dispatch.deliver_webhooks()
