"""What a run asks of each batch, and what becomes of its answers: they are taken in, and are examples of its items."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from curation import batch_making, batch_parts, imports, runs
from curation.batch_making import Asking
from curation.batch_parts import Step
from curation.run_requests import request_line
from inference import pages
from inference.pages import page_query
from inference.request_lines import LineInvalid
from schemas.database import OpenSession
from schemas.tables import Batch, Dataset, Run, RunPart
from schemas.tables.base import now

PART: Final = " AND endpoint = :endpoint AND number > :after AND number <= :last"
READ_ALL: Final = text(page_query("number, request", runs.ALL + PART, order="number", sized="request"))
READ_CHOSEN: Final = text(page_query("number, request", runs.CHOSEN + PART, order="number", sized="request"))


def advance(open_session: OpenSession, run_id: UUID) -> Step:
    return batch_parts.advance(open_session, Run, run_id, _ask, _take_in)


def _ask(session: Session, dataset: Dataset, run: Run, part: RunPart) -> Asking:
    refused: list[int] = []
    return Asking(part.endpoint, f"{part.model} on {dataset.name}", _pages(session, run, part, refused), refused)


def _pages(session: Session, run: Run, part: RunPart, refused: list[int]) -> Iterator[Sequence[bytes]]:
    wanted: dict[str, Any] = {"dataset_id": run.dataset_id, "endpoint": part.endpoint, "last": part.last_item}
    if run.items is not None:
        wanted["run_id"] = run.id
    query = READ_ALL if run.items is None else READ_CHOSEN
    size = {"rows": pages.ROWS, "bytes": pages.BYTES}
    after = part.first_item - 1
    while page := session.execute(query, wanted | size | {"after": after}).all():
        lines = [_line(run, part, row) for row in page]
        refused.extend(row.number for row, line in zip(page, lines, strict=True) if line is None)
        yield [line for line in lines if line is not None]
        after = page[-1].number


def _line(run: Run, part: RunPart, row: Row[Any]) -> bytes | None:
    """None where what an item asks is nested deeper than a batch takes."""
    try:
        return request_line(row.number, part.endpoint, orjson.loads(row.request), part.model, run.parameters)
    except LineInvalid:
        return None


def _take_in(session: Session, dataset: Dataset, run: Run, ended: Sequence[tuple[RunPart, Batch]]) -> Step:
    begun = []
    for part, batch in ended:
        known = imports.of_batch(session, dataset, batch)
        if known is None and batch.completed and imports.refusal(batch) is None:
            begun.append(imports.begin(session, dataset, batch).id)
        elif known is None or known.ended_at:
            part.ended_at = now()
            part.problem = part.problem or (known and known.problem) or batch_making.problem_of(batch)
    return Step(imports=begun)
