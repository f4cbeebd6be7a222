"""What belongs together, and on which side it is."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.sides import Groups, choose_sides, kin_of
from schemas.states import Side

SHARES = {Side.TRAIN: 0.8, Side.SEARCH: 0.1, Side.TEST: 0.1}


def chat(*contents: str) -> dict[str, object]:
    roles = ("system", "user", "assistant", "user")
    return {"messages": [{"role": role, "content": text} for role, text in zip(roles, contents, strict=False)]}


def test_turns_of_one_conversation_are_kin_and_others_of_the_same_system_are_not() -> None:
    first, later, other = chat("s", "Hello"), chat("s", "Hello", "Hi", "More"), chat("s", "Bye")
    assert kin_of("a", first)[0] == kin_of("b", later)[0] != kin_of("c", other)[0]


@pytest.mark.parametrize("separator", ["/", ":", "#"])
def test_custom_ids_of_one_group_are_kin(separator: str) -> None:
    of_one, of_same, of_other = (
        kin_of(f"{name}{separator}x{number}", chat("s"))[1] for name, number in (("c-7", 1), ("c-7", 2), ("c-8", 1))
    )
    assert of_one == of_same != of_other
    assert kin_of("alone", chat("s"))[1] is None


def test_what_too_many_share_makes_nobody_kin() -> None:
    groups = Groups(300)
    groups.join_kin([1] * 31 + [2] * 30 + [None] * 239)
    assert len(set(groups.all())) == 300 - 29


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_groups_are_what_is_connected(joined: list[tuple[int, int]]) -> None:
    groups = Groups(31)
    for one, other in joined:
        groups.join(one, other)
    firsts = groups.all()
    assert all(firsts[one] == firsts[other] for one, other in joined)
    assert all(first <= place and firsts[first] == first for place, first in enumerate(firsts))


def test_sides_have_their_shares_and_the_seed_decides() -> None:
    chosen = choose_sides(range(10_000), SHARES, 1)
    counts = Counter(chosen.values())
    assert (counts[Side.TRAIN], counts[Side.SEARCH], counts[Side.TEST]) == (8000, 1000, 1000)
    assert choose_sides(range(10_000), SHARES, 1) == chosen != choose_sides(range(10_000), SHARES, 2)


def test_groups_stay_whole_and_a_share_of_nothing_gets_nothing() -> None:
    firsts = [n // 7 for n in range(1000)]
    chosen = choose_sides(firsts, {Side.TRAIN: 0.5, Side.SEARCH: 0.0, Side.TEST: 0.5}, 3)
    counts = Counter(chosen[first] for first in firsts)
    assert set(counts) == {Side.TRAIN, Side.TEST}
    assert abs(counts[Side.TRAIN] - 500) <= 7
