"""How the requests of a batch, in the order in which they run, are cut into chunks. Pure, and its cost is linear.

Chunks get smaller towards the end, so that no worker is left alone with a long one. Requests that are the same in every
way, and get the same answer, run once.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from inference.order import (
    BYTES_PER_TOKEN,
    Placed,
    beginnings_in,
    beginnings_of,
    first_line_in,
    in_common,
    in_order,
    line_in,
    tokens_in,
)

CHUNKS_PER_WORKER: Final = 4
SMALLEST_CHUNK: Final = 100
# Requests of one model that are sorted together: what a plan holds in memory does not grow with the batch.
SORTED_TOGETHER: Final = 200_000
# A chunk may end this much before it is full, so that it ends between prompts that have little in common.
LATEST_QUARTER: Final = 0.75


def chunk_size(requests_left: int, workers: int, largest: int) -> int:
    """Large enough to cost little, small enough that every worker gets some, and that the last ones end together."""
    even = math.ceil(requests_left / (max(workers, 1) * CHUNKS_PER_WORKER))
    return max(min(even, largest), min(SMALLEST_CHUNK, largest))


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """Those of all chunks are held until the plan is made, so lines are in arrays."""

    model: str
    # In the order in which they run; each followed by those that ask exactly the same.
    all_lines: Sequence[int]
    # How many in turn ask the same.
    same: Sequence[int]
    # To be computed: of what is the same, once.
    estimated_tokens: int
    # Checksums of how the first and the last prompt begin.
    begins: bytes
    ends: bytes

    @property
    def total(self) -> int:
        return len(self.all_lines)

    @property
    def lines(self) -> list[int]:
        """Those to be computed."""
        return [line for line, *_ in self._groups()]

    @property
    def repeats(self) -> dict[int, list[int]]:
        """The other lines that get the answer of one of these."""
        return {line: repeats for line, *repeats in self._groups() if repeats}

    def _groups(self) -> Iterator[Sequence[int]]:
        start = 0
        for count in self.same:
            yield self.all_lines[start : start + count]
            start += count


@dataclass(slots=True)
class _Window:
    """Requests of one model that are sorted together."""

    requests: list[Placed] = field(default_factory=list)
    first_lines: dict[bytes, int] = field(default_factory=dict)

    def add(self, prompt: bytes, longest_answer: int, digest: bytes, line: int) -> None:
        first_line = self.first_lines.setdefault(digest, line) if digest else line
        tokens = len(prompt) // BYTES_PER_TOKEN + longest_answer
        self.requests.append((beginnings_of(prompt), -longest_answer, first_line, line, tokens))


@dataclass(slots=True)
class Planner:
    """Takes requests in file order, and gives chunks of one model each with at most `largest` requests."""

    largest: int
    workers: int = 1
    total: int = 0
    chunks: list[PlannedChunk] = field(default_factory=list)
    _windows: dict[str, _Window] = field(default_factory=dict)

    def place(self, model: str, line: int, *, prompt: bytes, longest_answer: int, digest: bytes) -> None:
        """The digest is that of all that decides the answer; empty where the same request may get another one."""
        self.total += 1
        window = self._windows.setdefault(model, _Window())
        window.add(prompt, longest_answer, digest, line)
        if len(window.requests) == SORTED_TOGETHER:
            self._cut(model, more_may_come=True)

    def finish(self) -> list[PlannedChunk]:
        for model in list(self._windows):
            self._cut(model, more_may_come=False)
        return self.chunks

    def _cut(self, model: str, *, more_may_come: bool) -> None:
        requests = in_order(self._windows.pop(model).requests)
        start = 0
        while start < len(requests):
            left = SORTED_TOGETHER if more_may_come else len(requests) - start
            end = _end_of_chunk(requests, start, chunk_size(left, self.workers, self.largest))
            self.chunks.append(_chunk(model, requests[start:end]))
            start = end


def _end_of_chunk(requests: Sequence[Placed], start: int, size: int) -> int:
    """The last place, among those where the chunk is nearly full, at which neighbours have least in common."""
    latest = start + size
    if latest >= len(requests):
        return len(requests)
    earliest = start + max(1, int(size * LATEST_QUARTER))
    return min(range(latest, earliest - 1, -1), key=lambda place: in_common(requests[place - 1], requests[place]))


def _chunk(model: str, requests: Sequence[Placed]) -> PlannedChunk:
    same = [list(group) for _, group in groupby(requests, key=first_line_in)]
    return PlannedChunk(
        model,
        all_lines=array("i", map(line_in, requests)),
        same=array("i", map(len, same)),
        estimated_tokens=sum(tokens_in(first) for first, *_ in same),
        begins=beginnings_in(requests[0]),
        ends=beginnings_in(requests[-1]),
    )
