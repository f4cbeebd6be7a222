"""Running chunks on this worker's engine."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from tasks import dispatch, engine
from tasks.app import app

# A broker that is silent must hold up neither the engine nor the threads that save its answers.
_messages: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="messages")


@app.task(name="inference.run", acks_late=False)
def run_inference() -> None:
    """Run chunks until none is due. The wake-up is acknowledged at once: a long run must not be handed out again."""
    engine.work_through(may_end=_finalise)


def _finalise(batch_id: UUID) -> None:
    _messages.submit(dispatch.finalise_batch, batch_id)
