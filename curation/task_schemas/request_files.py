"""A file of rows becomes the input file of a batch while it comes in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.task_schemas.generation import Generator
from curation.task_schemas.row_files import Row, read_rows
from curation.task_schemas.rows import RowInvalid
from schemas.errors import RowsInvalid
from schemas.settings import settings


@dataclass(slots=True)
class RequestFile:
    """Its requests, and the rows that have none: the first so many of them."""

    document: Mapping[str, Any]
    model: str
    # Without: one bad row, and there is no file.
    skips_bad_rows: bool = False
    requests: int = 0
    bad_rows: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    def blocks(self, filename: str, rows: Iterable[bytes]) -> Iterator[bytes]:
        generator = Generator.of(self.document, self.model, settings().max_line_bytes)
        for number, row in enumerate(read_rows(filename, rows, settings().max_line_bytes), 1):
            try:
                line = self._line(generator, number, row)
            except RowInvalid as error:
                self._note(row.line, error.column or None, error.message)
                continue
            self.requests += 1
            if self.skips_bad_rows or not self.faults:
                yield line
        if self.faults and not self.skips_bad_rows:
            raise RowsInvalid(self.faults)
        if not self.requests:
            raise RowsInvalid(self.faults or [{"line": None, "column": None, "message": "The file has no rows."}])

    def _line(self, generator: Generator, number: int, row: Row) -> bytes:
        if row.fault:
            raise RowInvalid("", row.fault)
        return generator.line(number, row.values)

    def _note(self, line: int, column: str | None, message: str) -> None:
        self.bad_rows += 1
        if len(self.faults) < settings().max_line_errors:
            self.faults.append({"line": line, "column": column, "message": message})
        elif not self.skips_bad_rows:
            raise RowsInvalid(self.faults)
