"""How fast a batch was that runs no more."""

from inference.pace import Pace
from inference.progress import Progress
from schemas.tables import Batch


def average(batch: Batch, progress: Progress) -> Pace | None:
    """Of the whole run; None if there was none."""
    end = batch.finalizing_at or batch.ended_at
    if end is None or batch.in_progress_at is None or progress.completed + progress.failed == 0:
        return None
    seconds = (end - batch.in_progress_at).total_seconds()
    if seconds <= 0:
        return None
    return Pace(
        requests_per_second=(progress.completed + progress.failed) / seconds,
        input_tokens_per_second=progress.input_tokens / seconds,
        output_tokens_per_second=progress.output_tokens / seconds,
        cache_hit_share=progress.cached_tokens / progress.input_tokens if progress.input_tokens else None,
    )
