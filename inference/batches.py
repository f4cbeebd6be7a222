"""Creating, finding and cancelling batches."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from inference import files, pace_samples, quotas
from inference.engines.base import ENDPOINTS
from inference.idempotency import once
from inference.pace import Pace
from inference.paging import Page, newest_page
from inference.progress import COUNTS, Progress
from inference.webhooks import subscriptions
from schemas import ids
from schemas.errors import (
    BatchNotFound,
    Conflict,
    FileNotFound,
    InputFileInvalid,
    MoveNotAllowed,
    RequestInvalid,
)
from schemas.settings import settings
from schemas.states import TERMINAL, BatchStatus, check_batch_move
from schemas.tables import Batch, Chunk, File
from schemas.tables.base import now

SHORTEST_WINDOW: Final = timedelta(hours=1)
LONGEST_WINDOW: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class NewBatch:
    tenant: str
    key_id: UUID | None
    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: dict[str, str] | None = None
    output_expires_after_seconds: int | None = None
    priority: int = 0
    reuse_answers: bool = False
    webhook_url: str | None = None
    webhook_secret: str | None = None
    idempotency_key: str | None = None
    # Digest of the caller's request, to tell a repeated call from another one under the same key.
    fingerprint: bytes = b""
    retry_of: UUID | None = None


def completion_time(window: str) -> timedelta:
    """`1h` to `30d` as a time."""
    match = re.fullmatch(r"([1-9]\d{0,3})([hd])", window, re.ASCII)
    time = timedelta(**{"hours" if match[2] == "h" else "days": int(match[1])}) if match else None
    if time is None or not SHORTEST_WINDOW <= time <= LONGEST_WINDOW:
        raise RequestInvalid(
            "The completion window is a number of hours or days from `1h` to `30d`.", param="completion_window"
        )
    return time


def create(session: Session, wanted: NewBatch, *, pending_limit: int = 0) -> Batch:
    """A batch on an uploaded file. The same call under the same idempotency key gives the same batch."""
    make = partial(_create, session, wanted, pending_limit)
    return session.get_one(Batch, once(session, wanted.tenant, wanted.idempotency_key, wanted.fingerprint, make))


def _create(session: Session, wanted: NewBatch, pending_limit: int) -> UUID:
    quotas.check_pending(session, wanted.tenant, pending_limit)
    batch = _new_batch(session, wanted)
    if wanted.webhook_url is not None:
        subscriptions.create_for_batch(session, batch, wanted.webhook_url, wanted.webhook_secret)
    return batch.id


def _new_batch(session: Session, wanted: NewBatch) -> Batch:
    if wanted.endpoint not in ENDPOINTS:
        raise RequestInvalid(f"A batch can be for one of {', '.join(ENDPOINTS)}.", param="endpoint")
    if wanted.reuse_answers and not settings().reuse_days:
        raise RequestInvalid("This server keeps no answers for reuse: VBS_REUSE_DAYS is 0.", param="reuse_answers")
    window = completion_time(wanted.completion_window)
    file = _input_file(session, wanted)
    created = now()
    batch = Batch(
        tenant=wanted.tenant,
        key_id=wanted.key_id,
        endpoint=wanted.endpoint,
        input_file_id=file.id,
        completion_window=wanted.completion_window,
        priority=wanted.priority,
        reuse_answers=wanted.reuse_answers,
        details=wanted.metadata,
        output_expires_after_seconds=wanted.output_expires_after_seconds,
        created_at=created,
        expires_at=created + window,
        retry_of=wanted.retry_of,
    )
    session.add(batch)
    session.flush()
    return batch


def _input_file(session: Session, wanted: NewBatch) -> File:
    try:
        file = files.get(session, wanted.tenant, wanted.input_file_id)
    except FileNotFound:
        raise FileNotFound(wanted.input_file_id, param="input_file_id") from None
    if file.purpose != "batch":
        raise InputFileInvalid(
            f"A batch needs a file uploaded for `batch`; this one is for `{file.purpose}`.", param="input_file_id"
        )
    if not files.is_kept(file):
        raise InputFileInvalid("The content of this file is no longer kept. Upload it again.", param="input_file_id")
    return file


def get(session: Session, tenant: str, public_id: str) -> Batch:
    batch = session.get(Batch, ids.parse(ids.BATCH, public_id, BatchNotFound))
    if batch is None or batch.tenant != tenant:
        raise BatchNotFound(public_id)
    return batch


def list_page(session: Session, tenant: str, after: str | None, limit: int) -> Page[Batch]:
    return newest_page(session, select(Batch).where(Batch.tenant == tenant), Batch.id, ids.BATCH, after, limit)


def list_live(session: Session, tenant: str, limit: int) -> Sequence[Batch]:
    """Those that have not ended, the newest first."""
    found = select(Batch).where(Batch.tenant == tenant, Batch.ended_at.is_(None)).order_by(Batch.id.desc())
    return session.scalars(found.limit(limit)).all()


def get_with_progress(session: Session, tenant: str, public_id: str) -> tuple[Batch, Progress, Pace | None]:
    """A batch, how far it is and how fast, in one trip to the database: clients ask for this again and again."""
    chunks_of_live = and_(Chunk.batch_id == Batch.id, Batch.ended_at.is_(None))
    asked = select(Batch, *_sums(), *pace_samples.columns()).outerjoin(Chunk, chunks_of_live).group_by(Batch.id)
    batch_id = ids.parse(ids.BATCH, public_id, BatchNotFound)
    row = session.execute(asked.where(Batch.id == batch_id, Batch.tenant == tenant)).one_or_none()
    if row is None:
        raise BatchNotFound(public_id)
    batch, *values = row
    counts, seen = values[: len(COUNTS)], values[len(COUNTS) :]
    found = _frozen(batch) if None in counts else Progress(*map(int, counts))
    return batch, found, pace_samples.pace_of(batch, found, *seen)


def progress(session: Session, batches: Sequence[Batch]) -> dict[UUID, Progress]:
    """Counts and usage: of batches that ended as they were frozen, of the others as they are now."""
    counted = {batch.id: _frozen(batch) for batch in batches}
    live = [batch.id for batch in batches if batch.status not in TERMINAL]
    return counted | counted_in_chunks(session, live) if live else counted


def paces(session: Session, batches: Sequence[Batch], progress: Mapping[UUID, Progress]) -> dict[UUID, Pace | None]:
    """How fast those are that run."""
    running = {batch.id: batch for batch in batches if batch.status == BatchStatus.IN_PROGRESS}
    if not running:
        return {}
    asked = select(Batch.id, *pace_samples.columns()).join(Chunk, Chunk.batch_id == Batch.id).group_by(Batch.id)
    rows = session.execute(asked.where(Batch.id.in_(running)))
    return {batch_id: pace_samples.pace_of(running[batch_id], progress[batch_id], *seen) for batch_id, *seen in rows}


def counted_in_chunks(session: Session, batch_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """Where the counts live until a batch ends. One that was never taken in has no chunks."""
    counts = select(Chunk.batch_id, *_sums()).where(Chunk.batch_id.in_(batch_ids)).group_by(Chunk.batch_id)
    return {batch_id: Progress(*map(int, sums)) for batch_id, *sums in session.execute(counts)}


def _frozen(batch: Batch) -> Progress:
    return Progress(*(getattr(batch, name) for name in COUNTS))


def _sums() -> list[ColumnElement[int]]:
    return [func.sum(getattr(Chunk, name)) for name in COUNTS]


def cancel(session: Session, tenant: str, public_id: str) -> Batch:
    """Stop a batch and keep what is finished. Cancelling one that is being cancelled changes nothing."""
    batch = get(session, tenant, public_id)
    if batch.status in (BatchStatus.VALIDATING, BatchStatus.IN_PROGRESS):
        # Others can't be cancelled any more, and one that ends is locked for as long as its files are written.
        session.refresh(batch, with_for_update=True)
    if batch.status in (BatchStatus.CANCELLING, BatchStatus.CANCELLED):
        return batch
    try:
        batch.status = check_batch_move(batch.status, BatchStatus.CANCELLING)
    except MoveNotAllowed:
        raise Conflict(f"Cannot cancel a batch with status '{batch.status}'.", code="invalid_status") from None
    batch.cancelling_at = now()
    session.flush()
    return batch
