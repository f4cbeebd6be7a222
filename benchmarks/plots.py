"""Pictures of the figures. They are drawn without a screen."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from benchmarks.figure import Figure, number

DOTS_PER_INCH = 150
LABEL_CHARACTERS = 30
OURS, THEIRS, GOAL = "#1b6ca8", "#b0672a", "#a11d33"


def draw_ratios(file: Path, figures: Sequence[Figure]) -> None:
    """One dot for each round, the median as a bar, the goal as a line."""
    if not figures:
        return
    picture = Picture(figsize=(8, 1.2 + 0.8 * len(figures)), layout="constrained")
    axes = picture.subplots()
    for place, figure in enumerate(figures):
        _draw_ratio(axes, place, figure, labelled=place == 0)
    axes.axvline(1, color="#999999", linewidth=0.8, zorder=0)
    axes.set_yticks(
        range(len(figures)), [textwrap.fill(figure.name, LABEL_CHARACTERS) for figure in figures], fontsize=8
    )
    axes.invert_yaxis()
    # Room for the words at the goal that is furthest to the right.
    axes.set_xlim(0, 1.08 * axes.get_xlim()[1])
    axes.set_xlabel("ratio of each round")
    axes.legend(fontsize=8, loc="lower right")
    picture.savefig(file, dpi=DOTS_PER_INCH)


def _draw_ratio(axes: Axes, place: int, figure: Figure, *, labelled: bool) -> None:
    def label(text: str) -> str | None:
        return text if labelled else None

    axes.barh(place, figure.measured, height=0.5, color=OURS, alpha=0.3, label=label("median"))
    axes.plot(figure.rounds, [place] * len(figure.rounds), "o", color=OURS, markersize=4, label=label("a round"))
    if figure.limit is not None:
        axes.plot([figure.limit] * 2, [place - 0.35, place + 0.35], color=GOAL, linewidth=2, label=label("goal"))
        side = "at least" if figure.at_least else "at most"
        axes.annotate(
            f"{side} {number(figure.limit)}",
            (figure.limit, place - 0.37),
            fontsize=7,
            color=GOAL,
            ha="center",
            va="bottom",
        )


def draw_progress(file: Path, figures: Sequence[Figure]) -> None:
    """Requests that are done against seconds, both sides of a round in one picture."""
    if not figures:
        return
    picture = Picture(figsize=(8, 3.2 * len(figures)), layout="constrained")
    for axes, figure in zip(picture.subplots(len(figures), squeeze=False)[:, 0], figures, strict=True):
        for curve, color in zip(figure.curves, (OURS, THEIRS), strict=True):
            seconds, done = zip((0.0, 0), *curve.points, strict=True)
            axes.plot(seconds, done, color=color, label=curve.name)
        axes.set_title(figure.name, fontsize=9)
        axes.set_xlabel("seconds")
        axes.set_ylabel("requests done")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    picture.savefig(file, dpi=DOTS_PER_INCH)
