"""How far people who review the same answers agree, and how much of it chance alone would bring. Pure.

Answers that got the same values are counted together: a queue of two hundred thousand has a handful of patterns.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from itertools import combinations
from typing import Final, TypeVar

Value = TypeVar("Value", bound=Hashable)
# The values that the reviewers gave one answer, and how many answers got these.
Units = Mapping[tuple[Value, ...], int]
# What the first of two reviewers said, what the second said, and how often.
Pairs = Mapping[tuple[Value, Value], int]

# With fewer answers a coefficient says more about chance than about people.
FEWEST: Final = 30
# Krippendorff's own advice: from here on, and from here on for tentative conclusions.
RELIABLE: Final = 0.8
TENTATIVE: Final = 0.667


def nominal(one: object, other: object) -> float:
    return float(one != other)


def interval(one: float, other: float) -> float:
    return (one - other) ** 2


def several(units: Units[Value]) -> int:
    """How many answers have more than one review."""
    return sum(count for values, count in units.items() if len(values) > 1)


def same_share(units: Units[Value]) -> float | None:
    """Of all pairs of reviews of the same answer: the share of those that say the same."""
    same = pairs = 0
    for values, count in units.items():
        alike = [one == other for one, other in combinations(values, 2)]
        same += count * sum(alike)
        pairs += count * len(alike)
    return same / pairs if pairs else None


def cohen(pairs: Pairs[Value]) -> float | None:
    """Cohen's kappa of two people. None where chance alone would make them agree always."""
    total = sum(pairs.values())
    if not total:
        return None
    first: Counter[Value] = Counter()
    second: Counter[Value] = Counter()
    for (one, other), count in pairs.items():
        first[one] += count
        second[other] += count
    observed = sum(count for (one, other), count in pairs.items() if one == other) / total
    expected = sum(first[value] * second[value] for value in first) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def alpha(units: Units[Value], distance: Callable[[Value, Value], float] = nominal) -> float | None:
    """Krippendorff's alpha: any number of people, any of whom may have left answers out. None where nothing varies."""
    compared = {values: count for values, count in units.items() if len(values) > 1}
    totals: Counter[Value] = Counter()
    observed = 0.0
    for values, count in compared.items():
        totals.update({value: count * times for value, times in Counter(values).items()})
        observed += 2 * count * sum(distance(*two) for two in combinations(values, 2)) / (len(values) - 1)
    total = totals.total()
    expected = 2 * sum(totals[one] * totals[other] * distance(one, other) for one, other in combinations(totals, 2))
    return 1 - (total - 1) * observed / expected if expected else None


def confusion(pairs: Pairs[Value]) -> tuple[list[Value], list[list[int]]]:
    """The values that occur, and a row for each that the first of the two said, a column for each of the second."""
    values = sorted({value for pair in pairs for value in pair}, key=str)
    return values, [[pairs.get((one, other), 0) for other in values] for one in values]


def says(coefficient: float | None, answers: int) -> str:
    """What a coefficient means."""
    if answers < FEWEST:
        return f"Too few to say: {answers} of the {FEWEST} answers with several reviews that it takes."
    if coefficient is None:
        return "Everybody says the same of every answer, so agreement can't be told from habit."
    if coefficient >= RELIABLE:
        return "They agree: what one of them decides, the others most often would have."
    if coefficient >= TENTATIVE:
        return "They agree well enough for tentative conclusions."
    if coefficient > 0:
        return "They agree more than chance would, and too little to rely on: talk about where they differ."
    return "They agree no more than chance would: they follow different rules."


def rounded(coefficient: float | None) -> float | None:
    return None if coefficient is None else round(coefficient, 3)
