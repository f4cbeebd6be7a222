"""The records of a file that somebody has written, JSON lines or CSV, from any place on.

Files are hostile: a record that goes over many lines is held no more than a line once it is over the limit.
"""

import codecs
import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import IO, Any, Final

from curation.file_lines import Blocks, Lines, Place
from inference.request_lines import ARCHIVES, LineInvalid, json_object

SEPARATORS: Final = ",;\t"
# So many times the longest record may be read again: of a file full of open quotes it would be the file's square.
MOST_AGAIN: Final = 4

# The line that it begins on, and what it says or what is wrong with it; None where it is empty.
Record = tuple[int, Mapping[str, Any] | LineInvalid | None]


def read_records(
    stream: IO[bytes] | Blocks, place: Place, max_bytes: int, needed: Sequence[str], known: Collection[str] = ()
) -> Iterator[Record]:
    """From this place on. After each record the place is where the next one begins.

    Of the columns that are needed a CSV file has one at least. These and the known ones are known in any case.
    """
    lines = Lines(stream, max_bytes)
    sample = lines.sample().removeprefix(codecs.BOM_UTF8)
    archive = next((kind for magic, kind in ARCHIVES.items() if sample.startswith(magic)), None)
    if archive is not None:
        return _refused(f"This file is {archive}. Upload what is in it.")
    if sample.strip() and not sample.lstrip().startswith(b"{"):
        return _csv_records(lines, place, needed, known)
    lines.go_to(place)
    return _json_records(lines)


def _refused(message: str) -> Iterator[Record]:
    """The whole file is of no use."""
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


def _csv_records(lines: Lines, place: Place, needed: Sequence[str], known: Collection[str]) -> Iterator[Record]:
    header, separator = _header(lines, {*needed, *known})
    if not set(needed) & set(header):
        names = " or ".join(f"`{name}`" for name in needed)
        return _refused(f"The first line names the columns, and one of them must be {names}.")
    doubled = next((name for name in (*needed, *known) if header.count(name) > 1), None)
    if doubled is not None:
        return _refused(f"The first line has the column `{doubled}` twice.")
    if place.offset == 0:
        place.offset, place.line = lines.place.offset, lines.place.line
    lines.go_to(place)
    return iter(CsvRecords(lines, header, separator))


def _header(lines: Lines, names: Collection[str]) -> tuple[Sequence[str], str]:
    try:
        line = lines.read().decode()
        separator = max(SEPARATORS, key=line.count)
        header = [name.strip() for name in next(csv.reader([line], delimiter=separator), [])]
    except (LineInvalid, UnicodeDecodeError, csv.Error):
        return (), ""
    in_any_case = {name.lower(): name for name in names}
    return [name if name in names else in_any_case.get(name.lower(), name) for name in header], separator


class CsvRecords:
    """Records of as many lines as their quotes say, no longer together than a line may be.

    Where a quote is never closed, only the line that it opens on is of no use.
    """

    def __init__(self, lines: Lines, header: Sequence[str], separator: str) -> None:
        self._lines = lines
        self._header = header
        self._separator = separator
        self._record = bytearray()
        self._again_bytes = 0

    def __iter__(self) -> Iterator[Record]:
        # For the whole process, so it only grows. What keeps a value short is that its record is.
        csv.field_size_limit(max(csv.field_size_limit(), 2 * self._lines.max_bytes))
        reader = self._reader()
        while True:
            number = self._lines.place.line + 1
            self._record.clear()
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
        rest = bytes(self._record.partition(b"\n")[2])
        self._again_bytes += len(rest)
        if rest and self._again_bytes <= MOST_AGAIN * self._lines.max_bytes:
            self._lines.give_back(rest)
        elif not self._record.endswith(b"\n"):
            self._lines.skip_line()
        return self._reader()

    def _texts(self) -> Iterator[str]:
        while line := self._lines.take():
            self._record += line
            if len(self._record) - line.endswith(b"\n") > self._lines.max_bytes:
                what = (
                    "This line is longer than" if len(line) == len(self._record) else "From here on a quote is open for"
                )
                raise LineInvalid("line_too_long", f"{what} {self._lines.max_bytes:,} bytes.")
            yield line.decode()

    def _named(self, values: Sequence[str]) -> Mapping[str, str] | LineInvalid:
        if any(values[len(self._header) :]):
            message = f"This line has {len(values)} values, and there are {len(self._header)} columns."
            return LineInvalid("invalid_csv_line", message)
        return dict(zip(self._header, values, strict=False))
