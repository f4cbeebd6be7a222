"""Files of rows, CSV or JSON lines, read while they come in: none is ever whole in memory."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, NamedTuple

import orjson

from schemas.errors import RowsInvalid

BOM: Final = b"\xef\xbb\xbf"
DELIMITERS: Final = (",", ";", "\t")


class Row(NamedTuple):
    line: int
    # What is wrong with the row as a whole, if something is; it has no values then.
    fault: str | None
    values: Mapping[str, Any]


def read_rows(filename: str, blocks: Iterable[bytes], longest_bytes: int) -> Iterator[Row]:
    """A file whose name ends with .csv or .tsv is one of these; any other has a JSON object on each line."""
    lines = _without_bom(_lines(blocks, longest_bytes))
    if filename.lower().endswith((".csv", ".tsv")):
        return _csv_rows(lines, longest_bytes)
    return _json_rows(lines)


def _lines(blocks: Iterable[bytes], longest_bytes: int) -> Iterator[bytes]:
    """Each with its line end."""
    rest = b""
    number = 1
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line + b"\n"
        number += len(whole)
        if len(rest) > longest_bytes:
            raise broken(number, f"This line is longer than {longest_bytes:,} bytes.")
    if rest:
        yield rest


def _without_bom(lines: Iterator[bytes]) -> Iterator[bytes]:
    first = next(lines, None)
    if first is None:
        return lines
    return chain([first.removeprefix(BOM)], lines)


def _json_rows(lines: Iterator[bytes]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Row(number, f"Is not valid JSON: {error.msg} at column {error.colno}.", {})
            continue
        if isinstance(values, dict):
            yield Row(number, None, values)
        else:
            yield Row(number, "Is JSON, but not an object.", {})


def _csv_rows(lines: Iterator[bytes], longest_bytes: int) -> Iterator[Row]:
    # The library's own limit is for fields of 128 KiB and is one for the process: ours is the same for all.
    csv.field_size_limit(longest_bytes)
    first = next(lines, b"")
    source = _Text(chain([first], lines), longest_bytes)
    reader = csv.reader(source, delimiter=max(DELIMITERS, key=lambda one: first.count(one.encode())), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) < len(names):
            doubled = Counter(names).most_common(1)[0][0]
            raise broken(1, f"The header has the column `{doubled[:100]}` twice.")
        while True:
            began = reader.line_num + 1
            source.begin()
            values = next(reader, None)
            if values is None:
                return
            # A blank line has no values at all.
            if values and len(values) == len(names):
                yield Row(began, None, dict(zip(names, values, strict=True)))
            elif values:
                yield Row(began, f"Has {len(values)} values, and the header has {len(names)}.", {})
    except csv.Error as error:
        raise broken(reader.line_num, f"The file can't be read on from here: {error}.") from error


class _Text:
    """Lines as text for the CSV reader, which would take in a row of any length."""

    def __init__(self, lines: Iterator[bytes], longest_bytes: int) -> None:
        self._lines = lines
        self._longest_bytes = longest_bytes
        self._number = self._row_bytes = 0

    def begin(self) -> None:
        self._row_bytes = 0

    def __iter__(self) -> "_Text":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._number += 1
        self._row_bytes += len(line)
        if self._row_bytes > self._longest_bytes:
            raise broken(self._number, f"This row is longer than {self._longest_bytes:,} bytes: a quote may be open.")
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            raise broken(self._number, f"Is not UTF-8: byte {error.start + 1} can't be read.") from error


def broken(line: int, message: str) -> RowsInvalid:
    """What ends the reading of a file."""
    return RowsInvalid([{"line": line, "column": None, "message": message}])
