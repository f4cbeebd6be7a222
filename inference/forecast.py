"""When a batch will be done: low, expected and high, so that the truth lies between them in about four of five cases.

What was finished per second, over the newer half of the run, says how long the rest takes. How unevenly it came says
how far that may be off. A pace that has changed since the older half may go on doing so, and any pace may begin to: the
longer the rest, the more. Spans in which others had the workers count half, for they may come again. After the last
requests have started nothing fills the places that get free: how long this end takes is told from the longest request
so far and from how many run at once, which are the seconds that requests took, added up, per second.

`tests/unit/inference/test_forecast.py` tries all of it on lengths and orders of many kinds.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, sqrt
from statistics import fmean, median, variance
from typing import Final, NamedTuple

# With less to go by, a forecast would only jump about.
FIRST_SECONDS: Final = 5.0
FIRST_REQUESTS: Final = 10
# A batch that has been silent for longer, and for twice its longest request, may go on at any time or never.
SILENT_SECONDS: Final = 15.0

# The run is cut into so many spans of equal length.
SPANS: Final = 16
# In a span with less than this share of what is usual others had the workers.
IDLE_SHARE: Final = 0.3
# The rest lies within so many standard deviations in 80 of 100 cases.
BAND: Final = 1.28
# How much the pace of a rest that is long changes for no reason that could be seen, as a logarithm; and how much of a
# change that was seen may come again, or be taken back.
DRIFT: Final = 0.3
REPEATED: Final = 0.5
# How long the end takes, as multiples of what it would be if lengths were distributed exponentially. Most have a longer
# tail, but only up to the most tokens that an answer may have.
END_LOW, END_EXPECTED, END_HIGH = 0.4, 1.0, 2.0


class Sample(NamedTuple):
    """The counts of a batch at one moment."""

    at: float
    finished: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    # How long all that is finished was at an engine, added up.
    busy_seconds: float


@dataclass(frozen=True, slots=True)
class SecondsLeft:
    expected: float
    low: float
    high: float


class Span(NamedTuple):
    finished: float
    busy_seconds: float


@dataclass(frozen=True, slots=True)
class Course:
    """What the spans of a run come to. A pace is in requests per span."""

    pace: float
    # Of the newer half, whose pace it is.
    spans: int
    at_once: float
    mean_seconds: float
    # The variance of what one span finishes, as a share of its square.
    unevenness: float
    # Since the older half, as a logarithm: positive where it got faster.
    change: float
    worked_share: float


def seconds_left(samples: Sequence[Sample], left: int, longest_seconds: float) -> SecondsLeft | None:
    """From samples in the order of time, of which the last is now. None where nobody can know."""
    if left <= 0:
        return SecondsLeft(0.0, 0.0, 0.0)
    if not _enough_is_known(samples) or is_silent(samples, longest_seconds):
        return None
    seconds = (samples[-1].at - samples[0].at) / SPANS
    course = _course(_spans(samples, seconds), seconds)
    if course is None:
        return None
    spans = left / (course.pace * exp(_change_to_come(course, left))) / sqrt(course.worked_share)
    pace = left / (spans * seconds)
    low_end, end, high_end = _ends(samples[-1], course, left, pace, longest_seconds)
    spread = exp(BAND * sqrt(_variance(course, spans + end / seconds)))
    rest = spans * seconds
    return SecondsLeft(rest + end, low=rest / spread + low_end, high=rest * spread + high_end)


def is_silent(samples: Sequence[Sample], longest_seconds: float) -> bool:
    """Whether nothing has come for so long that the batch seems to stand still."""
    last = samples[-1]
    since = next((one.at for one in samples if one.finished == last.finished), last.at)
    return last.at - since > max(SILENT_SECONDS, 2 * longest_seconds)


def _enough_is_known(samples: Sequence[Sample]) -> bool:
    first, last = samples[0], samples[-1]
    finished = last.finished - first.finished
    if finished < FIRST_REQUESTS or last.at - first.at < FIRST_SECONDS:
        return False
    # Before that, only short ones can be finished.
    return last.at - first.at > 2 * (last.busy_seconds - first.busy_seconds) / finished


def _spans(samples: Sequence[Sample], seconds: float) -> list[Span]:
    cuts = [_at(samples, samples[0].at + seconds * number) for number in range(SPANS + 1)]
    return [Span(end.finished - start.finished, end.busy_seconds - start.busy_seconds) for start, end in pairwise(cuts)]


def _at(samples: Sequence[Sample], moment: float) -> Span:
    """The counts at any moment, on a straight line between the samples around it."""
    place = min(bisect_right(samples, moment, key=lambda sample: sample.at), len(samples) - 1)
    before, after = samples[place - 1], samples[place]
    share = min(1.0, (moment - before.at) / (after.at - before.at)) if after.at > before.at else 1.0
    return Span(
        before.finished + share * (after.finished - before.finished),
        before.busy_seconds + share * (after.busy_seconds - before.busy_seconds),
    )


def _course(spans: Sequence[Span], seconds: float) -> Course | None:
    """None where next to all was finished in a moment: that is no pace."""
    # In the first one nothing is finished at first, and then what is short.
    spans = spans[1:]
    usual = median(sorted(span.finished for span in spans)[len(spans) // 2 :])
    if usual <= 0:
        return None
    worked = [span for span in spans if span.finished >= IDLE_SHARE * usual]
    half = max(2, len(worked) // 2)
    newer, older = worked[-half:], worked[:-half]
    pace = fmean(span.finished for span in newer)
    busy = fmean(span.busy_seconds for span in newer)
    return Course(
        pace=pace,
        spans=len(newer),
        at_once=busy / seconds,
        mean_seconds=busy / pace,
        unevenness=max(variance([span.finished for span in newer], pace), pace) / pace**2,
        change=log(pace / fmean(span.finished for span in older)) if older else 0.0,
        worked_share=len(worked) / len(spans),
    )


def _change_to_come(course: Course, left: int) -> float:
    """The logarithm of the pace of the rest as a multiple of the present one: a change goes on if it is no chance."""
    chance = 4 * course.unevenness / course.spans
    lasting = course.change**3 / (course.change**2 + chance)
    return 0.375 * lasting * (1 + min(left / course.pace / course.spans, 2.0))


def _ends(now: Sample, course: Course, left: int, pace: float, longest_seconds: float) -> tuple[float, float, float]:
    """How much longer it takes because nothing follows the last requests: low, expected and high."""
    last_ones = min(left, course.at_once)
    # Where requests got shorter, so will the last ones be.
    longest = longest_seconds * min(1.0, course.mean_seconds * now.finished / max(now.busy_seconds, 1e-9))
    end = longest * log(1 + last_ones) / log(1 + now.finished)
    counted = last_ones / pace
    low, expected, high = (max(0.0, times * end - counted) for times in (END_LOW, END_EXPECTED, END_HIGH))
    return low, expected, high


def _variance(course: Course, spans: float) -> float:
    """Of the logarithm of the seconds that the rest takes, given how many spans that is."""
    by_chance = course.unevenness / course.spans + course.unevenness / max(spans, 1.0)
    by_drift = (DRIFT**2 + (REPEATED * course.change) ** 2) * spans / (spans + course.spans)
    by_others = (log(course.worked_share) / 2) ** 2
    return by_chance + by_drift + by_others
