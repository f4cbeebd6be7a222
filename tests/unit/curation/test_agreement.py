"""Against worked examples that were published."""

from collections import Counter

import pytest

from curation.agreement import FEWEST, alpha, cohen, confusion, interval, same_share, says, several

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011): two observers, ten units.
MEG = "0100000010"
OWEN = "1110010000"
# The same, section C: four observers, twelve units, some left out.
FOUR = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
# Wikipedia, Krippendorff's alpha: three coders, fifteen units.
THREE = (".....34121133.3", "1.213343.......", "..21344.21133.4")


def units(*observers: str) -> Counter[tuple[int, ...]]:
    """What each observer said of each unit; a dot is left out."""
    assert len({len(observer) for observer in observers}) == 1
    return Counter(tuple(int(said) for said in unit if said != ".") for unit in zip(*observers, strict=True))


@pytest.mark.parametrize(
    ("observers", "nominal", "by_distance"),
    [((MEG, OWEN), 0.095, 0.095), (FOUR, 0.743, 0.849), (THREE, 0.691, 0.811)],
)
def test_alpha_is_the_published_one(observers: tuple[str, ...], nominal: float, by_distance: float) -> None:
    assert alpha(units(*observers)) == pytest.approx(nominal, abs=0.0006)
    assert alpha(units(*observers), interval) == pytest.approx(by_distance, abs=0.0006)


@pytest.mark.parametrize(
    ("matrix", "kappa"),
    [
        # Wikipedia, Cohen's kappa: fifty grants, and the two tables with the same percent.
        ([[20, 5], [10, 15]], 0.4),
        ([[45, 15], [25, 15]], 0.1304),
        ([[25, 35], [5, 35]], 0.2593),
        # Cohen, A Coefficient of Agreement for Nominal Scales (1960), table 1 of two hundred.
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492),
    ],
)
def test_kappa_is_the_published_one(matrix: list[list[int]], kappa: float) -> None:
    pairs = {(one, other): count for one, row in enumerate(matrix) for other, count in enumerate(row)}
    assert cohen(pairs) == pytest.approx(kappa, abs=0.0006)
    assert confusion(pairs) == (list(range(len(matrix))), matrix)


def test_percent_counts_pairs_of_reviews_of_the_same_answer() -> None:
    assert same_share({("a", "a"): 35, ("a", "b"): 15}) == 0.7
    assert same_share({("a", "a", "b"): 1}) == pytest.approx(1 / 3)
    assert same_share({("a",): 9}) is None


def test_what_one_alone_has_reviewed_says_nothing() -> None:
    alone = {("a",): 100, ("b",): 1}
    both = {("a", "a"): 5, ("a", "b"): 2, ("b", "b"): 4}
    assert alpha(both) == alpha(both | alone)
    assert several(both | alone) == 11


def test_where_nothing_varies_there_is_no_coefficient() -> None:
    assert alpha({("a", "a"): 50}) is None
    assert alpha({}) is None
    assert cohen({("a", "a"): 50}) is None
    assert cohen({}) is None


@pytest.mark.parametrize(
    ("coefficient", "answers", "said"),
    [
        (1.0, FEWEST - 1, "Too few"),
        (None, FEWEST, "can't be told"),
        (0.8, FEWEST, "They agree:"),
        (0.7, FEWEST, "tentative"),
        (0.5, FEWEST, "too little to rely on"),
        (0.0, FEWEST, "no more than chance"),
        (-0.2, FEWEST, "no more than chance"),
    ],
)
def test_words_say_what_a_coefficient_means(coefficient: float | None, answers: int, said: str) -> None:
    assert said in says(coefficient, answers)
