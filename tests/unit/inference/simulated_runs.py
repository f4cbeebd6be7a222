"""Batches whose whole course is known: what the sweep would have seen of them, and when they really ended."""

import heapq
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, exp

from inference.forecast import Sample

SWEEP_SECONDS = 5.0
# As in the statement of the sweep, which has a test of its own.
KEPT_OF_A_KIND = 12
INPUT_TOKENS, CACHED_TOKENS, TOKENS_A_SECOND = 400, 100, 20


@dataclass(frozen=True)
class Case:
    """How long requests take is drawn by `draw`, and `order` is the order in which they start."""

    name: str
    requests: int
    slots: int
    draw: Callable[[random.Random], float]
    order: str = "file"
    # From this share of the requests on, all take so many times as long.
    turn: tuple[float, float] = (1.0, 1.0)
    # Shares of the run without pauses at which other batches take the workers, and for how long.
    pauses: Sequence[tuple[float, float]] = ()
    # How far the engine's own speed wanders.
    wander: float = 0.0


@dataclass
class Run:
    """When requests were saved, and what they had taken by then."""

    finished_at: list[float]
    seconds: list[float]
    longest: list[float]
    samples: list[float] = field(default_factory=list)

    @property
    def ended_at(self) -> float:
        return self.finished_at[-1]

    def sample(self, at: float) -> Sample:
        count = bisect_right(self.finished_at, at)
        seconds = self.seconds[count - 1] if count else 0.0
        output = int(TOKENS_A_SECOND * seconds)
        return Sample(at, count, INPUT_TOKENS * count, CACHED_TOKENS * count, output, seconds)

    def seen_at(self, at: float) -> tuple[list[Sample], int, float]:
        """The samples that are kept by then and the present counts, how many are left, and the longest so far."""
        newest = int(at / SWEEP_SECONDS)
        kept = [SWEEP_SECONDS * number for number in range(newest + 1) if number == 0 or is_kept(number, newest)]
        samples = [self.sample(moment) for moment in [*kept, at]]
        count = samples[-1].finished
        return samples, len(self.finished_at) - count, self.longest[count - 1] if count else 0.0


def is_kept(number: int, newest: int) -> bool:
    age = (newest - number) // KEPT_OF_A_KIND
    return number % (1 << max(0, age.bit_length() - 1)) == 0


def play(case: Case, seed: int) -> Run:
    """Each slot takes the next request as soon as it is free. Finished ones are saved once a second."""
    rng = random.Random(f"{case.name} {seed}")
    lengths = list(_lengths(case, rng))
    pauses = _pauses(case, sum(lengths) / case.slots)
    free = [0.0] * case.slots
    ended: list[tuple[float, float]] = []
    speed, changes_at = 1.0, 0.0
    for length in lengths:
        start = free[0]
        for begin, end in pauses:
            if begin <= start < end:
                start = end
        if case.wander and start >= changes_at:
            speed, changes_at = exp(case.wander * rng.gauss(0, 1)), start + 60.0
        took = length / speed
        heapq.heapreplace(free, start + took)
        ended.append((float(ceil(start + took)), took))
    ended.sort()
    taken = [took for _, took in ended]
    return Run([at for at, _ in ended], list(accumulate(taken)), list(accumulate(taken, max)))


def _lengths(case: Case, rng: random.Random) -> Iterator[float]:
    lengths = [case.draw(rng) for _ in range(case.requests)]
    if case.order == "longest first":
        # The most tokens that an answer may have say only roughly how many it will have.
        lengths.sort(key=lambda length: -length * rng.lognormvariate(0, 2.0))
    elif case.order == "groups":
        size = max(1, case.requests // 25)
        for start in range(0, case.requests, size):
            factor = rng.lognormvariate(0, 0.4)
            group = [factor * length for length in lengths[start : start + size]]
            lengths[start : start + size] = sorted(group, key=lambda length: -length * rng.lognormvariate(0, 2.0))
    share, factor = case.turn
    for place, length in enumerate(lengths):
        yield length * (factor if place >= share * case.requests else 1.0)


def _pauses(case: Case, seconds: float) -> list[tuple[float, float]]:
    pauses, before = [], 0.0
    for share, lasts in case.pauses:
        begin = share * seconds + before
        pauses.append((begin, begin + lasts * seconds))
        before += lasts * seconds
    return pauses


def lognormal(median: float, sigma: float = 1.0, most: float = 20.0) -> Callable[[random.Random], float]:
    """As answers that end where they end, or after `most` times the median."""
    return lambda rng: median * min(rng.lognormvariate(0, sigma), most)


def pareto(shortest: float, alpha: float, most: float = 20.0) -> Callable[[random.Random], float]:
    return lambda rng: shortest * min(rng.paretovariate(alpha), most)


def constant(seconds: float) -> Callable[[random.Random], float]:
    return lambda rng: seconds * rng.uniform(0.9, 1.1)
