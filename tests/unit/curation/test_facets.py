import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.facets import MOST_BARS, step_of

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
