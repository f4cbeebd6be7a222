"""`make bench`: measure, show each figure with its limit beside it, and keep them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks import load, million, more_workers, review_table, shared_prefixes, uneven_answers, unique_prompts
from benchmarks.asked import Asked
from benchmarks.figure import Figure
from benchmarks.results import keep, machine
from cli.models import parse_engine_args

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
# A quick look must not replace what was measured in earnest.
QUICK_RESULTS = ROOT / ".cache" / "benchmarks"
PARTS: Mapping[str, Callable[[Asked], list[Figure]]] = {
    "load": load.figures,
    "unique": unique_prompts.figures,
    "prefixes": shared_prefixes.figures,
    "copies": shared_prefixes.figures_with_copies,
    "uneven": uneven_answers.figures,
    "workers": more_workers.figures,
    "million": million.figures,
    "review": review_table.figures,
}


@click.command()
@click.option("--part", "parts", type=click.Choice(list(PARTS)), multiple=True, help="What to measure. Default: all.")
@click.option("--scale", default=1.0, help="Share of the requests to run, for a quick look.")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="How often each side runs.")
@click.option(
    "--model-dir",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="Another model for the parts on vLLM.",
)
@click.option("--engine-arg", "engine_args", multiple=True, metavar="KEY=VALUE", help="For vLLM, on both sides.")
@click.option("--results", type=click.Path(file_okay=False, path_type=Path), help="Folder for table and plots.")
def main(
    parts: tuple[str, ...],
    scale: float,
    rounds: int,
    model_dir: Path | None,
    engine_args: tuple[str, ...],
    results: Path | None,
) -> None:
    asked = Asked(scale, rounds, model_dir, parse_engine_args(engine_args))
    usual = asked == Asked()
    folder = results or (RESULTS if usual else QUICK_RESULTS)
    console = Console(width=120)
    console.print(machine())
    held = [_measure(part, asked, folder, console) for part in parts or PARTS]
    console.print(f"Kept in {folder}.")
    sys.exit(0 if all(held) else 1)


def _measure(part: str, asked: Asked, folder: Path, console: Console) -> bool:
    """Each part is kept and shown as soon as it is there: all of them take more than an hour."""
    figures = PARTS[part](asked)
    keep(folder, part, asked, figures)
    console.print(_table(part, figures))
    return all(figure.holds for figure in figures)


def _table(part: str, figures: Sequence[Figure]) -> Table:
    table = Table("figure", "measured", "limit", "", "beside it", title=part)
    for figure in figures:
        style = None if figure.holds else "red"
        table.add_row(figure.name, figure.shown, figure.shown_limit, figure.verdict, figure.beside, style=style)
    return table


if __name__ == "__main__":
    main()
