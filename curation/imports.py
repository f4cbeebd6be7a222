"""What comes into a dataset, a page at a time, each page in a transaction of its own.

It comes from a batch that has ended, or from a file (`curation/uploads.py`). A page that was written is never written
again: the import remembers the line that it has come to, in the same transaction. So it may end anywhere, and whoever
is told of it next goes on.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session, undefer

from curation import arrivals, resuming, uploads
from curation.arrivals import Arrival
from curation.wording import asked_of
from inference.engines.base import ENDPOINTS
from inference.pages import page_query
from inference.preview import answer_text
from schemas.database import OpenSession
from schemas.errors import ContentGone, RequestInvalid, VbsError
from schemas.states import TERMINAL, ImportStatus
from schemas.tables import Batch, Dataset, Import, Run, RunPart
from schemas.text import storable

ROWS: Final = 1000
BYTES: Final = 8 * 1024**2
NO_LONGER_KEPT: Final = "The requests or the results of this batch are no longer kept."
IMPORTABLE: Final = tuple(endpoint for endpoint in ENDPOINTS if endpoint != "/v1/embeddings")

# Each request is looked up by itself: joined, PostgreSQL may go through all requests of a young batch for each result.
ANSWERED: Final = """
    FROM results, LATERAL (
        SELECT custom_id, body FROM requests
        WHERE requests.batch_id = results.batch_id AND requests.line = results.line OFFSET 0
    ) AS asked
    WHERE results.batch_id = :batch_id AND results.line > :after_line AND succeeded
"""
READ_PAGE: Final = text(page_query("line, custom_id, body, answer", ANSWERED, order="line", sized="body, answer"))


def refusal(batch: Batch) -> VbsError | None:
    """Why a batch's answers can't be taken in, if so."""
    if batch.endpoint not in IMPORTABLE:
        return RequestInvalid(f"Answers of {batch.endpoint} are nothing to review.", param="batch_id")
    if batch.status not in TERMINAL:
        return RequestInvalid(f"The batch is {batch.status}: it can be taken once it has ended.", param="batch_id")
    if not _is_kept(batch):
        return ContentGone(NO_LONGER_KEPT)
    return None


def _is_kept(batch: Batch) -> bool:
    return batch.results_purged_at is None and batch.requests_purged_at is None


def begin(session: Session, dataset: Dataset, batch: Batch) -> Import:
    """Take a batch's answers into a dataset. The same batch again goes on where the last time ended."""
    refused = refusal(batch)
    if refused is not None:
        raise refused
    # Whoever asks for the same at this moment waits, and finds it.
    session.get_one(Dataset, dataset.id, with_for_update=True)
    known = of_batch(session, dataset, batch)
    if known is not None:
        if known.status == ImportStatus.BROKEN:
            resuming.begin_again(known)
        return known
    new = Import(dataset_id=dataset.id, batch_id=batch.id, run_id=_run_of(session, dataset, batch), lines=batch.total)
    session.add(new)
    session.flush()
    return new


def _run_of(session: Session, dataset: Dataset, batch: Batch) -> UUID | None:
    """Where the dataset has asked this itself, be it tried again since, the answers are to its items."""
    while batch.retry_of is not None:
        batch = session.get_one(Batch, batch.retry_of)
    asked = select(Run.id).join(RunPart, RunPart.run_id == Run.id)
    return session.scalar(asked.where(Run.dataset_id == dataset.id, RunPart.batch_id == batch.id))


def of_batch(session: Session, dataset: Dataset, batch: Batch) -> Import | None:
    return session.scalar(select(Import).where(Import.dataset_id == dataset.id, Import.batch_id == batch.id))


def of_dataset(session: Session, dataset: Dataset, *, with_errors: bool = False) -> Sequence[Import]:
    query = select(Import).where(Import.dataset_id == dataset.id).order_by(Import.id)
    return session.scalars(query.options(undefer(Import.errors)) if with_errors else query).all()


def begin_again(session: Session, dataset: Dataset) -> Sequence[Import]:
    """Those that are broken go on where they were."""
    broken = select(Import).where(Import.dataset_id == dataset.id, Import.status == ImportStatus.BROKEN)
    found = session.scalars(broken.with_for_update()).all()
    for one in found:
        resuming.begin_again(one)
    session.flush()
    return found


def run(open_session: OpenSession, import_id: UUID, *, rows: int = ROWS) -> bool:
    return resuming.run(open_session, Import, import_id, lambda session: advance(session, import_id, rows=rows))


def advance(session: Session, import_id: UUID, *, rows: int = ROWS) -> bool:
    """Take in a page; returns whether there may be more."""
    this = resuming.taken(session, Import, import_id)
    if this is None:
        return False
    try:
        page = _read_page(session, this, rows)
    except ContentGone as gone:
        this.problem = gone.message
        resuming.end(this, ImportStatus.BROKEN)
        return False
    if page is None:
        resuming.end(this, ImportStatus.DONE)
        return False
    # Its numbers and counts are given out one page after the other.
    dataset = session.get_one(Dataset, this.dataset_id, with_for_update=True, populate_existing=True)
    arrivals.write(session, dataset, this.batch_id, page)
    this.imported += len(page)
    resuming.advanced(this)
    return True


def _read_page(session: Session, this: Import, rows: int) -> Sequence[Arrival] | None:
    """What comes next; None after the last."""
    if this.file_id is not None:
        return uploads.read_page(session, this, rows, BYTES)
    batch = session.get(Batch, this.batch_id)
    if batch is None or not _is_kept(batch):
        raise ContentGone(NO_LONGER_KEPT)
    wanted = {"batch_id": batch.id, "after_line": this.line, "rows": rows, "bytes": BYTES}
    page = session.execute(READ_PAGE, wanted).all()
    if not page:
        return None
    this.line = page[-1].line
    return [_arrival(this, batch.endpoint, row) for row in page]


def _arrival(this: Import, endpoint: str, row: Row[Any]) -> Arrival:
    request = orjson.loads(row.body)
    return Arrival(
        line=row.line,
        custom_id=row.custom_id,
        endpoint=endpoint,
        request=row.body,
        asked=asked_of(request),
        output=storable(answer_text(orjson.loads(row.answer))),
        model=str(request.get("model")),
        item=int(row.custom_id) if this.run_id is not None else None,
    )
