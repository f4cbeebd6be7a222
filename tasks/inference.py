"""Running chunks on this worker's engine."""

from tasks import dispatch, engine
from tasks.app import app


@app.task(name="inference.run", acks_late=False)
def run_inference() -> None:
    """Run chunks until none is due. The wake-up is acknowledged at once: a long run must not be handed out again."""
    engine.work_through(may_end=dispatch.finalise_batch)
