"""A figure that a benchmark gives, with its limit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    name: str
    measured: float
    limit: float
    unit: str
    beside: str = ""
    # Whether the limit is the least that will do, and not the most.
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def shown_limit(self) -> str:
        if self.limit == float("inf"):
            return "-"
        return f"{'at least ' if self.at_least else ''}{self.limit:g} {self.unit}"
