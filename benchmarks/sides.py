"""Two sides that run the same requests in turn, and what comes of it.

Both are up and warm before the first round. They never run at once, and each is first in turn: what a run leaves
behind, caches to fill or rows to vacuum, falls upon both.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from benchmarks.figure import Curve, number
from benchmarks.workload import Lines

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Timed:
    # From the first request at the engine to the last answer saved.
    seconds: float
    answers: Answers
    # The same with all that is around it, where there is more: reading the file, writing the output.
    whole_seconds: float
    # How many were done after how many seconds.
    progress: Sequence[tuple[float, int]] = ()


class Side(Protocol):
    def run(self, lines: Lines) -> Timed: ...


@dataclass(frozen=True, slots=True)
class Compared:
    """Requests a second of ours over theirs."""

    ours: Sequence[Timed]
    theirs: Sequence[Timed]

    @property
    def ratios(self) -> list[float]:
        return [theirs.seconds / ours.seconds for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def whole_ratio(self) -> float:
        """With validation and the output file on our side."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return statistics.median(theirs.whole_seconds / ours.whole_seconds for ours, theirs in pairs)

    @property
    def requests(self) -> int:
        return sum(len(timed.answers) for timed in self.ours)

    @property
    def different(self) -> int:
        """How many requests got another answer on one side than on the other."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return sum(_different(ours.answers, theirs.answers) for ours, theirs in pairs)

    @property
    def said(self) -> str:
        low, high = min(self.ratios), max(self.ratios)
        return f"rounds from {low:.2f} to {high:.2f}; {_rate(self.ours)} against {_rate(self.theirs)} requests/s"

    def curves(self, ours: str, theirs: str) -> list[Curve]:
        """Of the last round."""
        return [Curve(ours, self.ours[-1].progress), Curve(theirs, self.theirs[-1].progress)]


def in_turn(ours: Side, theirs: Side, warm_up: Lines, rounds: Iterable[Lines]) -> Compared:
    ours.run(warm_up)
    theirs.run(warm_up)
    pairs = [_round(number, lines, ours, theirs) for number, lines in enumerate(rounds)]
    return Compared([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _round(number: int, lines: Lines, ours: Side, theirs: Side) -> tuple[Timed, Timed]:
    if number % 2:
        first = theirs.run(lines)
        return ours.run(lines), first
    return ours.run(lines), theirs.run(lines)


def _rate(runs: Sequence[Timed]) -> str:
    return number(statistics.median(len(timed.answers) / timed.seconds for timed in runs))


def _different(ours: Answers, theirs: Answers) -> int:
    assert ours.keys() == theirs.keys()
    return sum(ours[custom_id] != theirs[custom_id] for custom_id in ours)


def answers_of(content: bytes) -> Answers:
    """What an output file says; a request without an answer ends the benchmark."""
    return {line["custom_id"]: _text(line) for line in map(orjson.loads, content.splitlines())}


def _text(line: dict[str, Any]) -> str:
    assert line["response"]["status_code"] == 200, line
    return str(line["response"]["body"]["choices"][0]["message"]["content"])
