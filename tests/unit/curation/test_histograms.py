import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.histograms import MOST_BARS, TENTHS, Bar, step_of

NUMBERS = st.floats(-1e12, 1e12)


@pytest.mark.parametrize(
    ("low", "high", "step"), [(0, 10, 1), (0, 100, 10), (1, 1, 1), (0, 1, 0.1), (-3, 3, 0.5), (18, 65, 5)]
)
def test_bars_are_as_wide_as_people_would_make_them(low: float, high: float, step: float) -> None:
    assert step_of(low, high) == pytest.approx(step)


@given(NUMBERS, NUMBERS)
def test_there_are_never_many_bars(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    assert (high - low) / step_of(low, high) <= MOST_BARS * (1 + 1e-9)


def test_tenths_begin_where_filters_say_it_and_the_last_one_has_no_end() -> None:
    assert TENTHS.edges == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert TENTHS.bar(2, 7, "from", "below") == Bar("0.2 to 0.3", 7, {"from": "0.2", "below": "0.3"})
    assert TENTHS.bar(9, 1, "from", "below") == Bar("0.9 to 1", 1, {"from": "0.9"})
