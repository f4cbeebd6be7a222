"""How a batch is cut into chunks. Pure, and its cost is linear in the batch."""

import math
from dataclasses import dataclass, field
from typing import Final

CHUNKS_PER_WORKER: Final = 4
SMALLEST_CHUNK: Final = 100


def chunk_size(expected_requests: int, workers: int, largest: int) -> int:
    """Chunks small enough that every worker gets several, so that none drains alone at the end."""
    even = math.ceil(expected_requests / (max(workers, 1) * CHUNKS_PER_WORKER))
    return max(min(even, largest), min(SMALLEST_CHUNK, largest))


@dataclass(slots=True)
class PlannedChunk:
    number: int
    model: str
    total: int = 0


@dataclass(slots=True)
class Planner:
    """Gives each request, in file order, its chunk: one model each, at most `size` requests."""

    size: int
    chunks: list[PlannedChunk] = field(default_factory=list)
    _open: dict[str, PlannedChunk] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(chunk.total for chunk in self.chunks)

    def place(self, model: str) -> int:
        chunk = self._open.get(model)
        if chunk is None or chunk.total >= self.size:
            chunk = PlannedChunk(len(self.chunks), model)
            self.chunks.append(chunk)
            self._open[model] = chunk
        chunk.total += 1
        return chunk.number
