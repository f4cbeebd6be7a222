"""What a run does step by step, each step in a transaction of its own: any of them may be the last for a while.

Its batches are ordinary ones. Each has a part of the items, and when it has ended its answers are taken in.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from curation import batch_parts, imports, runs
from curation.batch_parts import LONGEST_NAME, Step
from curation.run_requests import request_line
from inference import pages
from inference.batches import NewBatch
from inference.pages import page_query
from schemas import ids
from schemas.states import TERMINAL, RunStatus
from schemas.tables import Batch, Dataset, Run, RunPart
from schemas.tables.base import now

PART: Final = " AND endpoint = :endpoint AND number > :after AND number <= :last"
READ_ALL: Final = text(page_query("number, request", runs.ALL + PART, order="number", sized="request"))
READ_CHOSEN: Final = text(page_query("number, request", runs.CHOSEN + PART, order="number", sized="request"))


def advance(session: Session, run_id: UUID) -> Step:
    run = session.scalar(select(Run).where(Run.id == run_id, Run.ended_at.is_(None)).with_for_update(skip_locked=True))
    if run is None:
        return Step()
    dataset = session.get_one(Dataset, run.dataset_id)
    parts = runs.parts(session, [run])[run.id]
    run.advanced_at = now()
    if dataset.deleted_at is not None:
        run.status = RunStatus.CANCELLING
    cancelled = batch_parts.stop(session, dataset, parts) if run.status == RunStatus.CANCELLING else []
    waiting = next((part for part in parts if part.batch_id is None and part.ended_at is None), None)
    if waiting is not None:
        begun = batch_parts.begin(session, run, waiting, partial(_make_batch, session, dataset, run, waiting))
        if run.waits_for is None:
            return Step(validate=begun, more=True)
    arriving = _take_in(session, dataset, parts)
    if all(part.ended_at for part in parts):
        _end(session, run)
    return Step(finalise=cancelled, imports=arriving)


def _make_batch(session: Session, dataset: Dataset, run: Run, part: RunPart) -> UUID:
    name = f"{ids.show(ids.RUN, run.id)}-{part.number + 1}.jsonl"
    lines = _lines(session, run, part)
    wanted = partial(_wanted, dataset, run, part)
    return batch_parts.submit(session, dataset.tenant, run.key_id, name, lines, wanted)


def _wanted(dataset: Dataset, run: Run, part: RunPart, input_file_id: str) -> NewBatch:
    name = f"{part.model} on {dataset.name}"[:LONGEST_NAME]
    return NewBatch(
        tenant=dataset.tenant,
        key_id=run.key_id,
        input_file_id=input_file_id,
        endpoint=part.endpoint,
        completion_window=run.completion_window,
        metadata={
            "description": f"{name}, items {part.first_item:,} to {part.last_item:,}",
            "run": ids.show(ids.RUN, run.id),
        },
    )


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


def _take_in(session: Session, dataset: Dataset, parts: Sequence[RunPart]) -> list[UUID]:
    """What its ended batches have answered; returns the imports that have begun."""
    begun = []
    for part in parts:
        batch = None if part.ended_at or part.batch_id is None else session.get(Batch, part.batch_id)
        if batch is None or batch.status not in TERMINAL:
            continue
        known = imports.of_batch(session, dataset, batch)
        if known is None and batch.completed and imports.refusal(batch) is None:
            begun.append(imports.begin(session, dataset, batch).id)
        elif known is None or known.ended_at:
            part.ended_at, part.problem = now(), (known and known.problem) or batch_parts.problem_of(batch)
    return begun


def _end(session: Session, run: Run) -> None:
    counts = runs.counted(session, [run])[run.id]
    run.completed, run.failed = counts.completed, counts.failed
    run.status = RunStatus.CANCELLED if run.status == RunStatus.CANCELLING else RunStatus.DONE
    run.waits_for, run.ended_at = None, now()
