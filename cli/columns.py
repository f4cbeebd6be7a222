"""Rows for people and for `awk` alike: never cut, whatever the width of the terminal."""

from collections.abc import Iterable, Sequence

import click


def show_columns(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [[title.upper() for title in head], *([str(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
