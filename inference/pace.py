"""How fast a batch runs, and how much longer it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inference.forecast import Sample, SecondsLeft, is_silent, seconds_left

# The pace is that of the last minute; of more where requests take long, so that it does not fall to 0 between two.
RECENT_SECONDS: Final = 60.0
RECENT_REQUESTS_IN_A_ROW: Final = 4
# Of less than that a pace says nothing.
SHORTEST_SECONDS: Final = 2.0
# The first request was finished so long before the first sample that counts it, at most.
SAMPLE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """None where there is nothing to go by yet."""

    requests_per_second: float | None = None
    input_tokens_per_second: float | None = None
    output_tokens_per_second: float | None = None
    # Of all input tokens so far, how many the engine had in its cache.
    cache_hit_share: float | None = None
    seconds_left: SecondsLeft | None = None


def pace(samples: Sequence[Sample], left: int, longest_seconds: float) -> Pace:
    """From samples in the order of time, of which the last is now."""
    last = samples[-1]
    share = last.cached_tokens / last.input_tokens if last.input_tokens else None
    samples = _from_the_first_start(samples, longest_seconds)
    recent = _recent(samples)
    seconds = last.at - recent.at
    if seconds < SHORTEST_SECONDS:
        return Pace(cache_hit_share=share)
    # Once it is silent for longer than any request took, the pace that it had is no longer true.
    each = 0.0 if is_silent(samples, longest_seconds) else 1 / seconds
    return Pace(
        requests_per_second=each * (last.finished - recent.finished),
        input_tokens_per_second=each * (last.input_tokens - recent.input_tokens),
        output_tokens_per_second=each * (last.output_tokens - recent.output_tokens),
        cache_hit_share=share,
        seconds_left=seconds_left(samples, left, longest_seconds),
    )


def _from_the_first_start(samples: Sequence[Sample], longest_seconds: float) -> Sequence[Sample]:
    """Without the time for which the batch waited for a worker.

    No request was at an engine for longer than the longest, so work did not begin before that.
    """
    start = samples[0]
    first = next((place for place, sample in enumerate(samples) if sample.finished > 0), 0)
    if first == 0:
        return samples
    began = max(start.at, samples[first].at - SAMPLE_SECONDS - longest_seconds)
    return [start._replace(at=began), *samples[first:]]


def _recent(samples: Sequence[Sample]) -> Sample:
    """The newest sample that is as old as what counts as recent, or the first."""
    last = samples[-1]
    each = last.busy_seconds / last.finished if last.finished else 0.0
    old = last.at - max(RECENT_SECONDS, RECENT_REQUESTS_IN_A_ROW * each)
    return next((sample for sample in reversed(samples) if sample.at <= old), samples[0])
