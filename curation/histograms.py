"""Numbers as bars of one width: how wide they are, where each begins, and by which filter a table shows its examples.
Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

MOST_BARS: Final = 12
STEPS: Final = (1, 2, 5, 10)
# What is closer together is the same.
SMALLEST: Final = 1e-290
# Edges have twelve digits.
FINEST: Final = 1e-11


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    count: int
    # What the address of the table says for it.
    filter: Mapping[str, str]


class Scale(NamedTuple):
    """How wide bars are, and which is the last one where there is one."""

    step: float
    last: int | None = None

    def edge(self, number: int) -> str:
        return f"{number * self.step:.12g}"

    @property
    def edges(self) -> Sequence[float]:
        """Where one bar ends and the next begins, as filters say it; of a scale without a last one they have no end."""
        return [float(self.edge(number)) for number in range(1, (self.last or 0) + 1)]

    def bar(self, number: int, count: int, at_least: str, below: str) -> Bar:
        """With the names of the filters by which it begins and ends."""
        low, high = self.edge(number), self.edge(number + 1)
        limits = {at_least: low} if number == self.last else {at_least: low, below: high}
        # Beyond the largest number there is nothing to leave out.
        finite = {name: edge for name, edge in limits.items() if math.isfinite(float(edge))}
        return Bar(f"{low} to {high}", count, finite)


# Of scores, people's and scorers': what is 1 belongs to the last tenth.
TENTHS: Final = Scale(0.1, last=9)


def step_of(low: float, high: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, ... and their tenths by which so many bars are enough, all with edges that
    differ."""
    # The difference itself may be more than a number can be.
    least = high / MOST_BARS - low / MOST_BARS
    least = max(least if least > SMALLEST else 1.0, FINEST * max(high, -low))
    size: float = 10.0 ** math.floor(math.log10(least))
    return next(size * step for step in STEPS if size * step >= least)
