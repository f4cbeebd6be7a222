"""A figure that a benchmark gives, with its limit."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """How many requests were done after how many seconds."""

    name: str
    points: Sequence[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    measured: float
    # None: it is shown, and nothing is asked of it.
    limit: float | None
    unit: str
    beside: str = ""
    # Whether the limit is the least that will do, and not the most.
    at_least: bool = False
    # What each round gave; `measured` is their median.
    rounds: Sequence[float] = ()
    curves: Sequence[Curve] = ()

    @property
    def holds(self) -> bool:
        if self.limit is None:
            return True
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        return "ok" if self.holds else "missed"

    @property
    def shown(self) -> str:
        return f"{number(self.measured)} {self.unit}"

    @property
    def shown_limit(self) -> str:
        if self.limit is None:
            return "-"
        return f"{'at least' if self.at_least else 'at most'} {number(self.limit)} {self.unit}"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
