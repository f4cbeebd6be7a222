"""The records of a file that somebody has written, JSON lines or CSV, from any place on.

Files are hostile: neither a line nor a record that goes over many lines is held once it is over the limit.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, Final

from inference.request_lines import ARCHIVES, LineInvalid, json_object

READ_AHEAD: Final = 1 << 20
# What stands first says what a file is.
SAMPLE: Final = 4096
SEPARATORS: Final = ",;\t"
ASKING: Final = frozenset({"prompt", "input"})

# The line that it begins on, and what it says or what is wrong with it; None where it is empty.
Record = tuple[int, Mapping[str, Any] | LineInvalid | None]


@dataclass(slots=True)
class Place:
    """How far a file is read: whole lines, and their bytes."""

    offset: int = 0
    line: int = 0


class Lines:
    """The lines from a place on; the place moves with them."""

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        stream.seek(0)
        self._stream = io.BufferedReader(stream, READ_AHEAD)  # type: ignore[type-var]
        self._max_bytes = max_bytes
        self.place = Place()

    def go_to(self, place: Place) -> None:
        self._stream.seek(place.offset)
        self.place = place

    def go_back(self, place: Place) -> None:
        self._stream.seek(place.offset)
        self.place.offset, self.place.line = place.offset, place.line

    def read(self) -> bytes:
        """The next line, empty at the end."""
        line = self._stream.readline(self._max_bytes + 1)
        self.place.offset += len(line)
        self.place.line += bool(line)
        if len(line) <= self._max_bytes or line.endswith(b"\n"):
            return line if self.place.line > 1 else line.removeprefix(codecs.BOM_UTF8)
        self._skip_line()
        raise LineInvalid("line_too_long", f"This line is longer than {self._max_bytes:,} bytes.")

    def _skip_line(self) -> None:
        while rest := self._stream.readline(READ_AHEAD):
            self.place.offset += len(rest)
            if rest.endswith(b"\n"):
                return

    def skip_all(self) -> None:
        self.place.offset = self._stream.seek(0, io.SEEK_END)


def read_records(stream: IO[bytes], place: Place, max_bytes: int) -> Iterator[Record]:
    """From this place on. After each record the place is where the next one begins."""
    sample = stream.read(SAMPLE).removeprefix(codecs.BOM_UTF8)
    lines = Lines(stream, max_bytes)
    if sample.lstrip().startswith(b"{"):
        lines.go_to(place)
        return _json_records(lines)
    archive = next((kind for magic, kind in ARCHIVES.items() if sample.startswith(magic)), None)
    if archive is not None:
        return _refused(lines, place, f"This file is {archive}. Upload what is in it.")
    return _csv_records(lines, place, max_bytes)


def _refused(lines: Lines, place: Place, message: str) -> Iterator[Record]:
    """The whole file is of no use."""
    lines.go_to(place)
    lines.skip_all()
    yield 1, LineInvalid("invalid_file_format", message)


def _json_records(lines: Lines) -> Iterator[Record]:
    while True:
        try:
            line = lines.read()
            if not line:
                return
            yield lines.place.line, json_object(line) if line.strip() else None
        except LineInvalid as fault:
            yield lines.place.line, fault


def _csv_records(lines: Lines, place: Place, max_bytes: int) -> Iterator[Record]:
    header, separator = _header(lines)
    if not ASKING & set(header):
        message = "The first line names the columns, and one of them must be `prompt` or `input`."
        yield from _refused(lines, place, message)
        return
    after_header = lines.place
    if place.offset == 0:
        place.offset, place.line = after_header.offset, after_header.line
    lines.go_to(place)
    yield from CsvRecords(lines, header, separator, max_bytes)


def _header(lines: Lines) -> tuple[Sequence[str], str]:
    try:
        line = lines.read().decode()
        separator = max(SEPARATORS, key=line.count)
        names = next(csv.reader([line], delimiter=separator), [])
    except (LineInvalid, UnicodeDecodeError, csv.Error):
        return (), ""
    return [_name(name) for name in names], separator


def _name(text: str) -> str:
    """Those that mean something are known in any case."""
    name = text.strip()
    return name.lower() if name.lower() in ASKING | {"custom_id", "output", "completion"} else name


class CsvRecords:
    """Records of as many lines as their quotes say, no longer together than a line may be.

    Where a quote is never closed, only the line that it opens on is of no use.
    """

    def __init__(self, lines: Lines, header: Sequence[str], separator: str, max_bytes: int) -> None:
        self._lines = lines
        self._header = header
        self._separator = separator
        self._max_bytes = max_bytes
        self._end_of_record = 0
        self._second_line: Place | None = None

    def __iter__(self) -> Iterator[Record]:
        # For the whole process, so it only grows. What keeps a value short is that its record is.
        csv.field_size_limit(max(csv.field_size_limit(), 2 * self._max_bytes))
        reader = self._reader()
        while True:
            number = self._lines.place.line + 1
            self._end_of_record = self._lines.place.offset + self._max_bytes
            self._second_line = None
            try:
                values = next(reader, None)
            except LineInvalid as fault:
                reader = self._begin_again()
                yield number, fault
                continue
            except (csv.Error, UnicodeDecodeError) as error:
                reader = self._begin_again()
                yield number, LineInvalid("invalid_csv_line", f"This line can't be read as CSV: {error}.")
                continue
            if values is None:
                return
            yield number, self._named(values) if values else None

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._texts(), delimiter=self._separator, strict=True)

    def _begin_again(self) -> Iterator[list[str]]:
        """On the line after the one that the record began on."""
        if self._second_line is not None:
            self._lines.go_back(self._second_line)
        return self._reader()

    def _texts(self) -> Iterator[str]:
        while line := self._lines.read():
            self._second_line = self._second_line or replace(self._lines.place)
            if self._lines.place.offset > self._end_of_record:
                raise LineInvalid("line_too_long", f"From here on a quote is open for {self._max_bytes:,} bytes.")
            yield line.decode()

    def _named(self, values: Sequence[str]) -> Mapping[str, str] | LineInvalid:
        if any(values[len(self._header) :]):
            message = f"This line has {len(values)} values, and there are {len(self._header)} columns."
            return LineInvalid("invalid_csv_line", message)
        return dict(zip(self._header, values, strict=False))
