"""What a run asks of each batch, and what becomes of its answers: they are taken in, and are examples of its items."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from curation import batch_parts, imports, runs
from curation.batch_parts import Step
from curation.run_requests import request_line
from inference import pages
from inference.pages import page_query
from schemas.tables import Batch, Dataset, Run, RunPart
from schemas.tables.base import now

PART: Final = " AND endpoint = :endpoint AND number > :after AND number <= :last"
READ_ALL: Final = text(page_query("number, request", runs.ALL + PART, order="number", sized="request"))
READ_CHOSEN: Final = text(page_query("number, request", runs.CHOSEN + PART, order="number", sized="request"))


def advance(session: Session, run_id: UUID) -> Step:
    return batch_parts.advance(session, Run, run_id, _make_batch, _take_in)


def _make_batch(session: Session, dataset: Dataset, run: Run, part: RunPart) -> UUID:
    lines, title = _lines(session, run, part), f"{part.model} on {dataset.name}"
    return batch_parts.submit(session, dataset, run, part, lines, endpoint=part.endpoint, title=title)


def _lines(session: Session, run: Run, part: RunPart) -> Iterator[bytes]:
    """The part's requests, a page at a time."""
    wanted: dict[str, Any] = {"dataset_id": run.dataset_id, "endpoint": part.endpoint, "last": part.last_item}
    if run.items is not None:
        wanted["run_id"] = run.id
    query = READ_ALL if run.items is None else READ_CHOSEN
    size = {"rows": pages.ROWS, "bytes": pages.BYTES}
    after = part.first_item - 1
    while page := session.execute(query, wanted | size | {"after": after}).all():
        yield b"".join(
            request_line(row.number, part.endpoint, orjson.loads(row.request), part.model, run.parameters)
            for row in page
        )
        after = page[-1].number


def _take_in(session: Session, dataset: Dataset, run: Run, ended: Sequence[tuple[RunPart, Batch]]) -> Step:
    begun = []
    for part, batch in ended:
        known = imports.of_batch(session, dataset, batch)
        if known is None and batch.completed and imports.refusal(batch) is None:
            begun.append(imports.begin(session, dataset, batch).id)
        elif known is None or known.ended_at:
            part.ended_at, part.problem = now(), batch_parts.problem_of(batch)
    return Step(imports=begun)
