"""`make bench`: measure, and print each figure with its limit beside it."""

import platform
import sys

import click
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import load


@click.command()
@click.option("--scale", default=1.0, help="Share of the 170,000 requests to run, for a quick look.")
def main(scale: float) -> None:
    console = Console(width=120)
    memory = psutil.virtual_memory().total / 1024**3
    console.print(
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.platform()}"
    )
    table = Table("figure", "measured", "limit", "", "beside it")
    measured = load.figures(scale)
    for figure in measured:
        verdict = "ok" if figure.holds else "[bold red]over"
        limit = f"{figure.limit:.1f} {figure.unit}" if figure.limit != float("inf") else "-"
        table.add_row(figure.name, f"{figure.measured:.1f} {figure.unit}", limit, verdict, figure.beside)
    console.print(table)
    sys.exit(0 if all(figure.holds for figure in measured) else 1)


if __name__ == "__main__":
    main()
