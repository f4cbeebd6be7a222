"""Running chunks on this worker's engine."""

from uuid import UUID

from tasks import dispatch, engine
from tasks.app import app


@app.task(name="inference.run", acks_late=False)
def run_inference() -> None:
    """Run chunks until none is due. The wake-up is acknowledged at once: a long run must not be handed out again."""
    engine.work_through(batch_done)


def batch_done(batch_id: UUID) -> None:
    dispatch.finalise_batch(batch_id)
