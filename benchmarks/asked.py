"""What the command line asks of a benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asked:
    # Share of the requests to run.
    scale: float = 1.0
    # How often each side of a ratio runs; the median counts.
    rounds: int = 5
    # For the workloads on vLLM: another model than theirs, and engine arguments over theirs, on both sides.
    model_dir: Path | None = None
    engine_args: Mapping[str, str] = field(default_factory=dict)

    def scaled(self, size: int, least: int = 1) -> int:
        return max(least, round(size * self.scale))
