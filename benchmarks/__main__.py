"""`make bench`: measure, and print each figure with its limit beside it."""

import platform
import sys

import click
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import against_run_batch, load

PARTS = {"load": load.figures, "engine": against_run_batch.figures}


@click.command()
@click.option("--scale", default=1.0, help="Share of the requests to run, for a quick look.")
@click.option("--part", "parts", type=click.Choice(list(PARTS)), multiple=True, help="What to measure. Default: all.")
def main(scale: float, parts: tuple[str, ...]) -> None:
    console = Console(width=120)
    memory = psutil.virtual_memory().total / 1024**3
    console.print(
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.platform()}"
    )
    table = Table("figure", "measured", "limit", "", "beside it")
    measured = [figure for part in parts or PARTS for figure in PARTS[part](scale)]
    for figure in measured:
        verdict = "ok" if figure.holds else "[bold red]over"
        table.add_row(figure.name, f"{figure.measured:.3g} {figure.unit}", figure.shown_limit, verdict, figure.beside)
    console.print(table)
    sys.exit(0 if all(figure.holds for figure in measured) else 1)


if __name__ == "__main__":
    main()
