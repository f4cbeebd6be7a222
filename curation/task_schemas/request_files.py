"""A file of rows becomes the input file of a batch while it comes in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.file_lines import Blocks, Place
from curation.records import read_records
from curation.task_schemas.generation import Generator
from curation.task_schemas.rows import RowInvalid
from inference.request_lines import LineInvalid
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

    def blocks(self, rows: Iterable[bytes]) -> Iterator[bytes]:
        longest = settings().max_line_bytes
        generator = Generator.of(self.document, self.model, longest)
        columns = [column["name"] for column in self.document["data"]]
        records = read_records(Blocks(rows), Place(), longest, columns)
        not_empty = ((line, row) for line, row in records if row is not None)
        for number, (line, row) in enumerate(not_empty, 1):
            try:
                if isinstance(row, LineInvalid):
                    raise row
                request = generator.line(number, row)
            except (LineInvalid, RowInvalid) as fault:
                self._note(line, fault)
                continue
            self.requests += 1
            if self.skips_bad_rows or not self.faults:
                yield request
        if self.faults and not self.skips_bad_rows:
            raise RowsInvalid(self.faults)
        if not self.requests:
            raise RowsInvalid(self.faults or [{"line": None, "column": None, "message": "The file has no rows."}])

    def _note(self, line: int, fault: LineInvalid | RowInvalid) -> None:
        self.bad_rows += 1
        column = (fault.column or None) if isinstance(fault, RowInvalid) else None
        if len(self.faults) < settings().max_line_errors:
            self.faults.append({"line": line, "column": column, "message": fault.message})
        elif not self.skips_bad_rows:
            raise RowsInvalid(self.faults)
