"""The matrix as it was measured: how many seconds after each fault the batch moved on."""

from collections.abc import Mapping
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.phases import PHASES, can_meet


class Table:
    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], float] = {}

    def note(self, plan: Mapping[str, str], recoveries: Mapping[str, float]) -> None:
        self._cells |= {(plan[phase], phase): seconds for phase, seconds in recoveries.items()}

    def write(self, path: Path) -> None:
        lines = ["| " + " | ".join(["fault", *PHASES]) + " |", "|---" * (len(PHASES) + 1) + "|"]
        for fault in FAULTS:
            lines.append("| " + " | ".join([fault, *(self._cell(fault, phase) for phase in PHASES)]) + " |")
        path.write_text("\n".join(lines) + "\n")

    def _cell(self, fault: str, phase: str) -> str:
        if not can_meet(fault, phase):
            return "-"
        seconds = self._cells.get((fault, phase))
        return "" if seconds is None else f"{seconds:.1f}"
