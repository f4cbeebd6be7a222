"""The counts of running batches at moments of their run: what their pace is told from.

The sweep adds a sample of each batch that runs, at most one in four seconds, and removes what is no longer needed: the
older samples are, the fewer of them stay, and of a batch that runs no more none. So a batch of a day has less than 150,
and one of a month less than 200. A sweep that dies, or is made twice at once, does no harm.
"""

from collections.abc import Sequence
from operator import le
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, cast, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from inference.forecast import Sample
from inference.pace import Pace, pace
from inference.progress import Progress
from schemas.database import give_up_soon
from schemas.states import BatchStatus
from schemas.tables import Batch, Chunk, PaceSample

# Two sweeps at once would wait for each other.
ALONE: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('pace samples', 0))")

# Of the newest 24 all are kept, of the 24 before every second one, of the 48 before these every fourth, and so on; and
# the very first, whose number is 0. A clock that was set back leaves samples in the future.
TAKE: Final = text("""
    WITH counted AS (
        SELECT batch_id, sum(chunks.completed + chunks.failed) AS finished, sum(chunks.input_tokens) AS input_tokens,
               sum(chunks.cached_tokens) AS cached_tokens, sum(chunks.output_tokens) AS output_tokens,
               sum(chunks.busy_seconds) AS busy_seconds
        FROM batches JOIN chunks ON chunks.batch_id = batches.id
        WHERE batches.ended_at IS NULL AND batches.status = 'in_progress' GROUP BY batch_id
    ), newest AS (
        SELECT batch_id, max(number) AS number, max(moment) FILTER (WHERE moment <= now()) AS moment
        FROM pace_samples GROUP BY batch_id
    ), aged AS (
        SELECT batch_id, pace_samples.number, pace_samples.moment, (newest.number - pace_samples.number) / 12 AS age
        FROM pace_samples JOIN newest USING (batch_id)
    ), removed AS (
        DELETE FROM pace_samples USING aged LEFT JOIN counted ON counted.batch_id = aged.batch_id
        WHERE pace_samples.batch_id = aged.batch_id AND pace_samples.number = aged.number
          AND (counted.batch_id IS NULL OR aged.moment > now()
               OR age > 0 AND aged.number % (1 << floor(log(greatest(age, 1)) / log(2))::int) > 0)
    )
    INSERT INTO pace_samples (
        batch_id, number, moment, finished, input_tokens, cached_tokens, output_tokens, busy_seconds)
    SELECT batch_id, coalesce(newest.number + 1, 0), now(),
           finished, input_tokens, cached_tokens, output_tokens, busy_seconds
    FROM counted LEFT JOIN newest USING (batch_id)
    WHERE newest.batch_id IS NULL
       OR finished > 0 AND (newest.moment < now() - interval '4 seconds') IS NOT FALSE
""")

# A batch whose first sample is later was counted elsewhere before: it has been restored.
FIRST_SAMPLE_SECONDS: Final = 30.0


def take(session: Session) -> None:
    """Note how far each running batch is."""
    give_up_soon(session)
    if session.scalar(ALONE):
        session.execute(TAKE)


def columns() -> list[ColumnElement[Any]]:
    """What `pace_of` takes at its end, for a statement on batches and their chunks that is grouped by batch."""
    counts = (getattr(PaceSample, name) for name in Sample._fields[1:])
    sample = func.json_build_array(func.extract("epoch", PaceSample.moment), *counts)
    samples = select(func.json_agg(aggregate_order_by(sample, PaceSample.number)))
    return [
        func.sum(Chunk.busy_seconds),
        func.max(Chunk.longest_seconds),
        samples.where(PaceSample.batch_id == Batch.id).scalar_subquery(),
        cast(func.extract("epoch", func.now()), Double),
    ]


def pace_of(
    batch: Batch,
    counts: Progress,
    busy_seconds: float | None,
    longest_seconds: float | None,
    rows: Sequence[Sequence[Any]] | None,
    moment: float,
) -> Pace | None:
    """None unless the batch runs."""
    if batch.status != BatchStatus.IN_PROGRESS or batch.in_progress_at is None or busy_seconds is None:
        return None
    finished = counts.completed + counts.failed
    now = Sample(moment, finished, counts.input_tokens, counts.cached_tokens, counts.output_tokens, busy_seconds)
    samples = _forward([*map(Sample._make, rows or []), now])
    start = batch.in_progress_at.timestamp()
    if start < samples[0].at < start + FIRST_SAMPLE_SECONDS and samples[0].finished > 0:
        samples.insert(0, Sample(start, 0, 0, 0, 0, 0.0))
    return pace(samples, counts.total - finished, longest_seconds or 0.0)


def _forward(samples: Sequence[Sample]) -> list[Sample]:
    """Without those that a clock which was set, or a batch that was restored, has left in no order with the last."""
    kept = [samples[-1]]
    for sample in reversed(samples[:-1]):
        if sample.at < kept[-1].at and all(map(le, sample[1:], kept[-1][1:])):
            kept.append(sample)
    return kept[::-1]
