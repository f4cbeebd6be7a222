"""The matrix as it was measured: how many seconds after each fault the batch moved on."""

from collections.abc import Mapping
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.journey import PHASES


class Table:
    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], float] = {}

    def note(self, plan: Mapping[str, str], recoveries: Mapping[str, float]) -> None:
        self._cells |= {(plan[phase], phase): seconds for phase, seconds in recoveries.items()}

    def write(self, path: Path) -> None:
        lines = ["| " + " | ".join(["fault", *PHASES]) + " |", "|---" * (len(PHASES) + 1) + "|"]
        for fault in FAULTS:
            seconds = (self._cells.get((fault, phase)) for phase in PHASES)
            cells = ("" if value is None else f"{value:.1f}" for value in seconds)
            lines.append("| " + " | ".join([fault, *cells]) + " |")
        path.write_text("\n".join(lines) + "\n")
