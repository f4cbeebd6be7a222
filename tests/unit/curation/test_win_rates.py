import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.win_rates import Choices, ranking, wilson, win_rates

AB = ["a", "b"]


def test_a_win_is_a_loss_for_the_other_and_a_tie_half_a_win_for_both() -> None:
    ab, ba = win_rates([Choices(AB, "a", 6), Choices(AB, "b", 2), Choices(AB, None, 4)])
    assert (ab.model, ab.other, ab.wins, ab.losses, ab.ties, ab.rate) == ("a", "b", 6, 2, 4, pytest.approx(8 / 12))
    assert (ba.model, ba.other, ba.wins, ba.losses, ba.ties) == ("b", "a", 2, 6, 4)
    assert ab.rate + ba.rate == pytest.approx(1)


def test_of_three_those_that_were_not_chosen_say_nothing_about_each_other() -> None:
    rates = {(rate.model, rate.other): rate for rate in win_rates([Choices(["a", "b", "c"], "a", 3)])}
    assert set(rates) == {("a", "b"), ("b", "a"), ("a", "c"), ("c", "a")}
    assert rates["a", "c"].wins == 3


@pytest.mark.parametrize(
    ("wins", "losses", "says"),
    [(9, 0, "too few to say"), (10, 0, "better"), (0, 12, "worse"), (30, 28, "no difference seen"), (60, 30, "better")],
)
def test_it_says_only_what_the_interval_does(wins: int, losses: int, says: str) -> None:
    rate = win_rates([Choices(AB, "a", wins), Choices(AB, "b", losses)])[0]
    assert rate.says == says


@pytest.mark.parametrize(
    ("share", "many", "low", "high"), [(0.5, 10, 0.2366, 0.7634), (0.0, 20, 0.0, 0.1611), (0.9, 100, 0.8256, 0.9448)]
)
def test_wilsons_interval_is_as_published(share: float, many: int, low: float, high: float) -> None:
    assert wilson(share, many) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_an_interval_holds_its_share_and_stays_in_range(share: float, many: int) -> None:
    low, high = wilson(share, many)
    assert 0 <= low <= share + 1e-9 and share - 1e-9 <= high <= 1


def test_models_are_ranked_by_their_mean_rate() -> None:
    rates = win_rates([Choices(AB, "b", 3), Choices(AB, "a", 1), Choices(["b", "c"], "c", 4)])
    assert list(ranking(rates)) == ["c", "b", "a"]
