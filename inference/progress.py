"""How far a batch is, and what it has used."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Progress:
    total: int = 0
    completed: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    shared_requests: int = 0
    shared_input_tokens: int = 0
    shared_output_tokens: int = 0


COUNTS: Final = tuple(Progress.__dataclass_fields__)
