"""How fast a batch runs, and when it will be done at this pace."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from inference.batches import Progress
from schemas.states import BatchStatus
from schemas.tables import Batch

# Before this, a guess would only jump about.
FIRST_GUESS_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Pace:
    per_second: float
    # None once the batch has ended.
    seconds_left: float | None


def pace(batch: Batch, progress: Progress, moment: datetime) -> Pace | None:
    """Of the whole run so far; None while there is nothing to go by."""
    finished = progress.completed + progress.failed
    if batch.in_progress_at is None or finished == 0:
        return None
    running = batch.status == BatchStatus.IN_PROGRESS
    seconds = ((batch.finalizing_at or batch.ended_at or moment) - batch.in_progress_at).total_seconds()
    if seconds <= 0 or (running and seconds < FIRST_GUESS_SECONDS):
        return None
    per_second = finished / seconds
    return Pace(per_second, (progress.total - finished) / per_second if running else None)
