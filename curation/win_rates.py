"""How often one model's answer was found better than another's, and how sure that is. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final, NamedTuple

# Of the standard normal distribution: 95 of 100 lie within.
Z: Final = 1.959964
# With fewer comparisons an interval says next to nothing.
FEW: Final = 10


class Choices(NamedTuple):
    """How many people chose the same one of the same models; None where none was better."""

    models: Sequence[str]
    winner: str | None
    many: int


@dataclass(frozen=True, slots=True)
class WinRate:
    model: str
    other: str
    wins: int
    losses: int
    ties: int

    @property
    def compared(self) -> int:
        return self.wins + self.losses + self.ties

    @property
    def rate(self) -> float:
        """A tie is half a win."""
        return (self.wins + self.ties / 2) / self.compared

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.rate, self.compared)

    @property
    def says(self) -> str:
        low, high = self.interval
        if self.compared < FEW:
            return "too few to say"
        if low > 0.5:
            return "better"
        return "worse" if high < 0.5 else "no difference seen"


def wilson(share: float, many: int) -> tuple[float, float]:
    """Wilson's interval: it holds for few and for shares near 0 and 1, where the usual one leaves the range."""
    centre = share + Z * Z / (2 * many)
    spread = Z * math.sqrt(share * (1 - share) / many + Z * Z / (4 * many * many))
    whole = 1 + Z * Z / many
    return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)


def win_rates(choices: Iterable[Choices]) -> list[WinRate]:
    """Each model against each other one that it was compared with. Of a choice among three, the two that were not
    chosen say nothing about each other."""
    counts: dict[tuple[str, str], list[int]] = {}
    for models, winner, many in choices:
        for pair in permutations(models, 2):
            place = _outcome(pair, winner)
            if place is not None:
                counts.setdefault(pair, [0, 0, 0])[place] += many
    return [WinRate(*pair, *counts[pair]) for pair in sorted(counts)]


def ranking(rates: Iterable[WinRate]) -> Mapping[str, float]:
    """The mean rate of each model against the others, the best first."""
    own: dict[str, list[float]] = {}
    for rate in rates:
        own.setdefault(rate.model, []).append(rate.rate)
    means = {model: sum(each) / len(each) for model, each in own.items()}
    return dict(sorted(means.items(), key=lambda pair: (-pair[1], pair[0])))


def _outcome(pair: tuple[str, str], winner: str | None) -> int | None:
    if winner is None:
        return 2
    return pair.index(winner) if winner in pair else None
