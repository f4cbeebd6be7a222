"""How many deaths it takes to find what kills an engine."""

from hypothesis import given
from hypothesis import strategies as st

from inference.suspicion import GIVEN_UP_AFTER, group_size, is_culprit


def deaths_until_found(culprit: int, suspects: list[int]) -> int:
    """Play it through: each death leaves the group that died as the new suspects."""
    deaths = 1
    while not is_culprit(deaths, len(suspects)):
        size = group_size(deaths, len(suspects))
        groups = [suspects[start : start + size] for start in range(0, len(suspects), size)]
        suspects = next(group for group in groups if culprit in group)
        deaths += 1
    assert suspects == [culprit]
    return deaths


@given(st.integers(1, 5000), st.data())
def test_a_culprit_is_always_found_by_the_fifth_death(suspects: int, data: st.DataObject) -> None:
    culprit = data.draw(st.integers(0, suspects - 1))
    assert deaths_until_found(culprit, list(range(suspects))) == GIVEN_UP_AFTER == 5


def test_a_first_death_costs_the_innocent_four_rounds_and_no_more() -> None:
    assert group_size(1, 1500) == 375


def test_nothing_is_given_up_that_was_not_alone() -> None:
    assert not is_culprit(deaths=9, suspects=2)
    assert not is_culprit(deaths=4, suspects=1)
