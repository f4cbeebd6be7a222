"""What a worker carries into PostgreSQL at a time: finished lines, with what they add to their chunk's counts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol
from uuid import UUID

from inference.engines.base import Usage
from inference.reuse import Kept, Key


class Rows(Protocol):
    """Rows for COPY, made when they are read, and again when they are read again.

    An answer may be for thousands of lines, and they are large together.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Finished:
    """The lines that one answer is for."""

    rows: Rows
    succeeded: bool
    usage: Usage = field(default_factory=Usage)
    serving_id: UUID | None = None
    # How long it was at the engine.
    seconds: float = 0.0
    # Whether the engine computed it for the first of them, or it was there before.
    computed: bool = True
    to_keep: Mapping[Key, Kept] = field(default_factory=dict)


@dataclass(slots=True)
class Landing:
    """Rows for COPY, and counts."""

    rows: list[Rows] = field(default_factory=list)
    to_keep: dict[Key, Kept] = field(default_factory=dict)
    serving_id: UUID | None = None
    completed: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    shared_requests: int = 0
    shared_input_tokens: int = 0
    shared_output_tokens: int = 0
    busy_seconds: float = 0.0
    longest_seconds: float = 0.0

    def add(self, finished: Finished) -> None:
        usage, count = finished.usage, len(finished.rows)
        shared = count - finished.computed
        self.rows.append(finished.rows)
        self.to_keep |= finished.to_keep
        self.serving_id = finished.serving_id or self.serving_id
        self.completed += count * finished.succeeded
        self.failed += count * (not finished.succeeded)
        self.input_tokens += count * usage.input_tokens
        self.cached_tokens += count * usage.cached_tokens
        self.output_tokens += count * usage.output_tokens
        self.reasoning_tokens += count * usage.reasoning_tokens
        self.shared_requests += shared
        self.shared_input_tokens += shared * usage.input_tokens
        self.shared_output_tokens += shared * usage.output_tokens
        self.busy_seconds += count * finished.seconds
        self.longest_seconds = max(self.longest_seconds, finished.seconds)

    @property
    def lines(self) -> int:
        return self.completed + self.failed

    @property
    def totals(self) -> dict[str, object]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("rows", "to_keep")}
