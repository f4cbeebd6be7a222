"""What a run does step by step, each step in a transaction of its own: any of them may be the last for a while.

Its batches are ordinary ones. Each has a part of the items, and when it has ended its answers are taken in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from curation import imports, runs
from curation.run_requests import request_line
from inference import batches, files, pages, quotas
from inference.batches import NewBatch
from inference.pages import page_query
from schemas import ids
from schemas.errors import QuotaExceeded, Unavailable, VbsError
from schemas.states import TERMINAL, BatchStatus, RunStatus
from schemas.tables import ApiKey, Batch, Dataset, Run, RunPart
from schemas.tables.base import now

LONGEST_NAME: Final = 400
CANCELLABLE: Final = (BatchStatus.VALIDATING, BatchStatus.IN_PROGRESS)

PART: Final = " AND endpoint = :endpoint AND number > :after AND number <= :last"
READ_ALL: Final = text(page_query("number, request", runs.ALL + PART, order="number", sized="request"))
READ_CHOSEN: Final = text(page_query("number, request", runs.CHOSEN + PART, order="number", sized="request"))


@dataclass(frozen=True, slots=True)
class Step:
    """Who is to be told, after the commit, and whether there is more to do at once."""

    validate: Sequence[UUID] = ()
    finalise: Sequence[UUID] = ()
    imports: Sequence[UUID] = ()
    more: bool = False


def advance(session: Session, run_id: UUID) -> Step:
    run = session.scalar(select(Run).where(Run.id == run_id, Run.ended_at.is_(None)).with_for_update(skip_locked=True))
    if run is None:
        return Step()
    dataset = session.get_one(Dataset, run.dataset_id)
    parts = runs.parts(session, [run])[run.id]
    run.advanced_at = now()
    if dataset.deleted_at is not None:
        run.status = RunStatus.CANCELLING
    cancelled = _cancel(session, dataset, parts) if run.status == RunStatus.CANCELLING else []
    waiting = next((part for part in parts if part.batch_id is None and part.ended_at is None), None)
    if waiting is not None:
        begun = _begin(session, dataset, run, waiting)
        if run.waits_for is None:
            return Step(validate=begun, more=True)
    arriving = _take_in(session, dataset, parts)
    if all(part.ended_at for part in parts):
        _end(session, run)
    return Step(finalise=cancelled, imports=arriving)


def _cancel(session: Session, dataset: Dataset, parts: Sequence[RunPart]) -> list[UUID]:
    """Stop the batches that run, and begin no other."""
    stopped = []
    for part in parts:
        if part.batch_id is None:
            part.ended_at = part.ended_at or now()
            continue
        batch = session.get_one(Batch, part.batch_id)
        if batch.status in CANCELLABLE:
            batches.cancel(session, dataset.tenant, ids.show(ids.BATCH, batch.id))
        if batch.status == BatchStatus.CANCELLING:
            stopped.append(batch.id)
    return stopped


def _begin(session: Session, dataset: Dataset, run: Run, part: RunPart) -> list[UUID]:
    """Make a part's batch, unless there is no room for it yet."""
    run.waits_for = None
    try:
        with session.begin_nested():
            batch_id = part.batch_id = _make_batch(session, dataset, run, part)
    except (QuotaExceeded, Unavailable) as full:
        run.waits_for = full.message
        return []
    except VbsError as refused:
        part.problem, part.ended_at = refused.message, now()
        return []
    return [batch_id]


def _make_batch(session: Session, dataset: Dataset, run: Run, part: RunPart) -> UUID:
    limits = quotas.limits_of(session.get_one(ApiKey, run.key_id))
    quotas.check_pending(session, dataset.tenant, limits.pending_requests)
    with files.incoming() as content:
        name = f"{ids.show(ids.RUN, run.id)}-{part.number + 1}.jsonl"
        content.receive(name, _lines(session, run, part))
        file = files.register(session, dataset.tenant, "batch", content, stored_limit=limits.stored_bytes)
        return batches.create(session, _wanted(dataset, run, part, ids.show(ids.FILE, file.id))).id


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
            part.ended_at, part.problem = now(), _problem(batch)
    return begun


def _problem(batch: Batch) -> str | None:
    """Why none of its requests was run, if so."""
    if batch.status != BatchStatus.FAILED:
        return None
    first = next(iter(batch.errors or []), {})
    return str(first.get("message") or "The batch failed.")


def _end(session: Session, run: Run) -> None:
    counts = runs.counted(session, [run])[run.id]
    run.completed, run.failed = counts.completed, counts.failed
    run.status = RunStatus.CANCELLED if run.status == RunStatus.CANCELLING else RunStatus.DONE
    run.waits_for, run.ended_at = None, now()
