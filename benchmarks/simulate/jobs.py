"""What is simulated: batches as they arrive, cut as the planner cuts them, and the workers that run them."""

from dataclasses import dataclass, field
from uuid import UUID

from inference.planner import chunk_size

LARGEST_CHUNK = 5000
PERIOD_SECONDS = 1800.0


@dataclass(slots=True)
class Job:
    """A batch for one model. Its chunks are taken in order."""

    id: UUID
    key: str
    weight: float
    model: str
    arrives: float
    deadline: float
    requests: int
    # Estimated, and as they turn out to be.
    tokens_each: int
    really_each: float
    # The beginnings of its prompts, in the order of the plan; each has an equal part of the chunks.
    beginnings: tuple[bytes, ...] = (b"",)
    large: bool = False
    chunks: list[int] = field(default_factory=list)
    waiting_work: int = 0
    waiting_chunks: int = 0
    # Of the next chunk.
    beginning: bytes = b""
    first_answer: float | None = None
    ended: float = 0.0
    missed: bool = False

    def cut(self, workers: int) -> None:
        size = chunk_size(self.requests, workers, LARGEST_CHUNK)
        whole, rest = divmod(self.requests, size)
        self.chunks = [size] * whole + [rest] * (rest > 0)
        self.waiting_work = self.requests * self.tokens_each
        self.waiting_chunks = len(self.chunks)
        self.beginning = self.beginnings[0]

    def take(self) -> int:
        """How many requests the next chunk has."""
        requests = self.chunks[-self.waiting_chunks]
        self.waiting_work -= requests * self.tokens_each
        self.waiting_chunks -= 1
        if self.waiting_chunks:
            taken = len(self.chunks) - self.waiting_chunks
            self.beginning = self.beginnings[taken * len(self.beginnings) // len(self.chunks)]
        return requests


@dataclass(slots=True)
class Worker:
    number: int
    held: str | None = None
    held_since: float = 0.0
    last_beginning: bytes = b""


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    jobs: list[Job]
    workers: int
    tokens_per_second: float
    load_seconds: dict[str, float]
    # Shares are compared over periods in which several keys had work waiting all the time.
    period_seconds: float = PERIOD_SECONDS
