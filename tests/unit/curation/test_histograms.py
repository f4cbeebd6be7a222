import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.histograms import MOST_BARS, TENTHS, Bar, Scale, step_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("low", "high", "step"), [(0, 10, 1), (0, 100, 10), (1, 1, 1), (0, 1, 0.1), (-3, 3, 0.5), (18, 65, 5)]
)
def test_bars_are_as_wide_as_people_would_make_them(low: float, high: float, step: float) -> None:
    assert step_of(low, high) == pytest.approx(step)


@given(NUMBERS, NUMBERS)
def test_there_are_never_many_bars(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    step = step_of(low, high)
    assert 0 < step < math.inf
    assert high / step - low / step <= MOST_BARS * (1 + 1e-9)


@given(NUMBERS, NUMBERS)
def test_every_bar_has_numbers_of_its_own(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    scale = Scale(step_of(low, high))
    for number in (math.floor(low / scale.step), math.floor(high / scale.step)):
        assert float(scale.edge(number)) < float(scale.edge(number + 1))


def test_what_ends_beyond_all_numbers_has_no_end() -> None:
    assert Scale(5e307).bar(3, 1, "from", "below") == Bar("1.5e+308 to inf", 1, {"from": "1.5e+308"})


def test_tenths_begin_where_filters_say_it_and_the_last_one_has_no_end() -> None:
    assert TENTHS.edges == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert TENTHS.bar(2, 7, "from", "below") == Bar("0.2 to 0.3", 7, {"from": "0.2", "below": "0.3"})
    assert TENTHS.bar(9, 1, "from", "below") == Bar("0.9 to 1", 1, {"from": "0.9"})
