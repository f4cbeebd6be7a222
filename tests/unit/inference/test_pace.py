from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.forecast import Sample
from inference.pace import Pace, pace


def samples(*finished: int, seconds: float = 5.0) -> list[Sample]:
    """One every few seconds, of requests with 10 tokens in, 4 of them cached, 20 tokens out, and a second each."""
    return [
        Sample(seconds * place, count, 10 * count, 4 * count, 20 * count, float(count))
        for place, count in enumerate(finished)
    ]


def test_the_pace_is_that_of_the_last_minute() -> None:
    slow_then_fast = [*range(0, 100, 5), *range(100, 1400, 100)]
    seen = pace(samples(*slow_then_fast), 1000, 1.0)
    assert (seen.requests_per_second, seen.input_tokens_per_second, seen.output_tokens_per_second) == (20, 200, 400)
    assert seen.cache_hit_share == 0.4
    assert seen.seconds_left


def test_the_pace_of_a_batch_that_stands_still_is_0_and_its_end_is_unknown() -> None:
    stalled = pace(samples(*range(0, 1001, 100), *[1000] * 4), 1000, 1.0)
    assert stalled == Pace(0.0, 0.0, 0.0, 0.4, None)
    assert pace(samples(*range(0, 1001, 100), 1000, 1000, 1100), 1000, 1.0).requests_per_second


def test_where_requests_take_minutes_the_pace_is_that_of_several() -> None:
    # Four at a time, each of which takes two minutes: most minutes see none of them end.
    finished = [4 * (place // 24) for place in range(200)]
    slow = [Sample(5.0 * place, count, 0, 0, 0, 120.0 * count) for place, count in enumerate(finished)]
    assert all(0 < (pace(slow[:end], 400, 120.0).requests_per_second or 0) < 0.08 for end in range(130, 200))


def test_nothing_is_said_in_the_first_moments() -> None:
    assert pace(samples(0, 10, seconds=1.0), 100, 0.5) == Pace(cache_hit_share=0.4)
    assert pace(samples(0), 100, 0.0) == Pace()


def test_time_that_was_spent_waiting_for_a_worker_slows_nothing_down() -> None:
    at_once = pace(samples(*range(0, 501, 50)), 500, 1.0)
    waited = pace([Sample(-600, 0, 0, 0, 0, 0), *samples(*range(0, 501, 50))], 500, 1.0)
    assert waited.requests_per_second == pytest.approx(at_once.requests_per_second, rel=0.05)
    assert waited.seconds_left
    assert at_once.seconds_left
    assert waited.seconds_left.expected == pytest.approx(at_once.seconds_left.expected, rel=0.05)


SAMPLES = st.lists(
    st.tuples(st.floats(0, 30), *(st.integers(0, 500) for _ in range(4)), st.floats(0, 100)), min_size=2, max_size=40
)


@given(SAMPLES, st.integers(0, 10_000), st.floats(0, 100))
def test_no_course_of_a_run_is_an_error_and_a_band_is_a_band(
    steps: list[tuple[float, int, int, int, int, float]], left: int, longest_seconds: float
) -> None:
    """A page that people poll must not fail because of how a batch runs: steps may be empty, or all in one moment."""
    samples = [
        Sample(*column) for column in zip(*(accumulate(values) for values in zip(*steps, strict=True)), strict=True)
    ]
    found = pace(samples, left, longest_seconds).seconds_left
    assert found is None or 0 <= found.low <= found.expected <= found.high


def test_a_batch_whose_requests_were_all_answered_in_the_first_moment_has_no_forecast_yet() -> None:
    samples = [Sample(0, 0, 0, 0, 0, 0.0), Sample(0.5, 50, 0, 0, 0, 1.0), Sample(10, 50, 0, 0, 0, 1.0)]
    assert pace(samples, 100, 0.1).seconds_left is None
