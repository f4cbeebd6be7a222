"""What was measured, kept in a folder: figures.json holds all of it, and a table and plots are drawn from that.

A part that is measured again replaces what it gave before, and the others stay.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil

from benchmarks.asked import Asked
from benchmarks.figure import Curve, Figure
from benchmarks.plots import draw_progress, draw_ratios

INTRODUCTION = """\
# Figures

Written by `make bench`. What each of them means, and what is timed: [performance](../../docs/performance.md).
"""
HEAD = "| figure | measured | limit | | beside it |\n|---|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Part:
    """What one part gave, and where and when."""

    machine: str
    day: str
    scale: float
    rounds: int
    figures: Sequence[Figure]

    @property
    def said(self) -> str:
        rounds = f"{self.rounds} round{'s' if self.rounds > 1 else ''}"
        share = "" if self.scale == 1 else f", {self.scale:g} of the requests"
        return f"{self.machine}; {self.day}, {rounds}{share}"


def machine() -> str:
    memory = psutil.virtual_memory().total / 1024**3
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.platform()}"


def keep(folder: Path, name: str, asked: Asked, figures: Sequence[Figure]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    day = datetime.now(UTC).date().isoformat()
    parts = {**_read(folder), name: Part(machine(), day, asked.scale, asked.rounds, figures)}
    everything = {name: asdict(part) for name, part in parts.items()}
    (folder / "figures.json").write_bytes(orjson.dumps(everything, option=orjson.OPT_INDENT_2))
    (folder / "figures.md").write_text(_page(parts))
    all_figures = [figure for part in parts.values() for figure in part.figures]
    draw_ratios(folder / "ratios.png", [figure for figure in all_figures if figure.rounds])
    draw_progress(folder / "progress.png", [figure for figure in all_figures if figure.curves])


def _read(folder: Path) -> dict[str, Part]:
    file = folder / "figures.json"
    kept = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return {
        name: Part(**{**part, "figures": [_figure(each) for each in part["figures"]]}) for name, part in kept.items()
    }


def _figure(kept: dict[str, Any]) -> Figure:
    return Figure(**{**kept, "curves": [Curve(**curve) for curve in kept["curves"]]})


def _page(parts: Mapping[str, Part]) -> str:
    return INTRODUCTION + "".join(
        f"\n## {name}\n\n{part.said}\n\n{_table(part.figures)}" for name, part in parts.items()
    )


def _table(figures: Sequence[Figure]) -> str:
    rows = ((each.name, each.shown, each.shown_limit, each.verdict, each.beside) for each in figures)
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)
