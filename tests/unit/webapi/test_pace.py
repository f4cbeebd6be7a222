from datetime import timedelta

from inference.pace import Pace
from inference.progress import Progress
from schemas.states import BatchStatus
from schemas.tables import Batch
from schemas.tables.base import now
from webapi.ui.pace import average

MOMENT = now()


def test_an_ended_batch_has_the_pace_of_its_whole_run_and_nothing_left() -> None:
    batch = Batch(status=BatchStatus.COMPLETED, in_progress_at=MOMENT, finalizing_at=MOMENT + timedelta(seconds=50))
    progress = Progress(total=100, completed=90, failed=10, input_tokens=1000, cached_tokens=250, output_tokens=500)
    assert average(batch, progress) == Pace(2.0, 20.0, 10.0, 0.25, None)


def test_a_batch_that_never_ran_had_no_pace() -> None:
    assert average(Batch(status=BatchStatus.FAILED, ended_at=MOMENT), Progress(total=10, completed=5)) is None
    ended = Batch(status=BatchStatus.CANCELLED, in_progress_at=MOMENT, ended_at=MOMENT + timedelta(seconds=9))
    assert average(ended, Progress(total=10)) is None
