"""Comma-separated values (RFC 4180), for spreadsheets too.

A spreadsheet runs a cell that begins like a formula, and the text of a cell is what a model or a stranger wrote. Such a
cell gets an apostrophe, which spreadsheets don't show.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

# The full-width ones are read as the others where Chinese or Japanese is written.
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def encode(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    # All quoted: where spreadsheets separate by semicolons, one inside a text would begin another cell.
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    for number, record in enumerate(records):
        if number == 0:
            writer.writerow(record)
        writer.writerow(map(cell, record.values()))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{shown}" if shown.startswith(DANGEROUS) else shown
