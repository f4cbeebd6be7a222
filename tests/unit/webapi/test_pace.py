from datetime import timedelta
from typing import Any

from inference.batches import Progress
from schemas.states import BatchStatus
from schemas.tables import Batch
from schemas.tables.base import now
from webapi.ui.pace import Pace, pace

MOMENT = now()


def batch(status: BatchStatus = BatchStatus.IN_PROGRESS, running_seconds: float = 100, **times: Any) -> Batch:
    return Batch(status=status, in_progress_at=MOMENT - timedelta(seconds=running_seconds), **times)


def test_what_is_left_is_told_from_the_pace_so_far() -> None:
    assert pace(batch(), Progress(total=1000, completed=190, failed=10), MOMENT) == Pace(2.0, 400.0)


def test_an_ended_batch_has_a_pace_and_nothing_left() -> None:
    ended = batch(BatchStatus.COMPLETED, finalizing_at=MOMENT - timedelta(seconds=50))
    assert pace(ended, Progress(total=100, completed=100), MOMENT) == Pace(2.0, None)


def test_nothing_is_guessed_in_the_first_seconds_or_before_the_first_answer() -> None:
    assert pace(batch(running_seconds=1), Progress(total=10, completed=5), MOMENT) is None
    assert pace(batch(), Progress(total=10), MOMENT) is None
