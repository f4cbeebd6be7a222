"""Removing what is kept no longer: contents, requests and results. What there was, and when, stays known for ever.

Everything happens in small transactions, each of which may fail or be repeated: a purge that is cut off goes on where
it was when it is started again, and two at once do not disturb each other.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from inference import files, reuse, uploads
from inference.file_store import Removal
from inference.strays import remove_strays
from schemas.database import OpenSession
from schemas.settings import settings
from schemas.states import UploadStatus
from schemas.tables import Batch, File, IdempotencyKey, Request, Result, Upload, UploadPart

log = logging.getLogger(__name__)

FILES_AT_ONCE: Final = 100
LINES_AT_ONCE: Final = 5000
IDEMPOTENCY_KEY_AGE: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Purged:
    files: int
    uploads: int
    requests: int
    results: int
    # Contents that no row told of.
    strays: int = 0
    # What could not be removed. The log says why, and the next purge tries again.
    stuck: int = 0


def purge(open_session: OpenSession, moment: datetime) -> Purged:
    """Remove all that is due at this moment."""
    contents = purge_files(open_session, moment)
    expired = expire_uploads(open_session, moment)
    parts = purge_parts(open_session)
    # These two follow the files that they came from or went to, so they come after them.
    requests = purge_requests(open_session, moment)
    results = purge_results(open_session, moment)
    purge_idempotency_keys(open_session, moment)
    reuse.purge(open_session, moment)
    strays = remove_strays(open_session, moment)
    purged = Purged(contents.gone, expired, requests, results, strays.gone, (contents + parts + strays).stuck)
    log.info("retention: %s", purged)
    return purged


def purge_files(open_session: OpenSession, moment: datetime) -> Removal:
    """Remove the contents of files that are deleted or past their time, unless a live batch reads them."""
    removal, last = Removal(), UUID(int=0)
    while True:
        with open_session() as session:
            slice_ = session.scalars(_files_due(moment, after=last).limit(FILES_AT_ONCE)).all()
            for file in _not_in_use(session, slice_):
                # Content first: should the commit be lost, the next purge finds the file again.
                removal.add(files.remove_content(session, file))
        if not slice_:
            return removal
        last = slice_[-1].id


def _files_due(moment: datetime, after: UUID) -> Select[File]:
    wanted = settings()
    old_input = and_(File.purpose == "batch", File.created_at <= moment - timedelta(days=wanted.input_retention_days))
    old_output = and_(
        File.purpose == "batch_output", File.created_at <= moment - timedelta(days=wanted.output_retention_days)
    )
    # A time that its owner was promised counts, sooner or later than what the settings say.
    past_its_time = or_(
        File.deleted_at.is_not(None),
        File.expires_at <= moment,
        and_(File.expires_at.is_(None), or_(old_input, old_output)),
    )
    due = select(File).where(File.purged_at.is_(None), past_its_time, File.id > after)
    return due.order_by(File.id).with_for_update(skip_locked=True)


def _not_in_use(session: Session, locked: Sequence[File]) -> list[File]:
    """Asked after the files are locked: no batch can be created on a locked file, so the answer stays true."""
    live = select(Batch.input_file_id).where(
        Batch.input_file_id.in_([file.id for file in locked]), Batch.ended_at.is_(None)
    )
    in_use = set(session.scalars(live))
    return [file for file in locked if file.id not in in_use]


def expire_uploads(open_session: OpenSession, moment: datetime) -> int:
    """End the uploads that were not completed in time."""
    count = 0
    while True:
        with open_session() as session:
            ended = len(uploads.expire_due(session, moment))
        if ended == 0:
            return count
        count += ended


def purge_parts(open_session: OpenSession) -> Removal:
    """Remove the parts that an ended upload has left."""
    removal, last = Removal(), UUID(int=0)
    while True:
        with open_session() as session:
            slice_ = session.scalars(_parts_due(after=last).limit(FILES_AT_ONCE)).all()
            removal += uploads.remove_parts(session, slice_)
        if not slice_:
            return removal
        last = slice_[-1].id


def _parts_due(after: UUID) -> Select[UploadPart]:
    of_ended = select(UploadPart).join(Upload).where(Upload.status != UploadStatus.PENDING, UploadPart.id > after)
    return of_ended.order_by(UploadPart.id).with_for_update(of=UploadPart, skip_locked=True)


def purge_requests(open_session: OpenSession, moment: datetime) -> int:
    """Requests go with the file that they were read from, once nothing runs them any more."""
    input_is_gone = exists().where(File.id == Batch.input_file_id, File.purged_at.is_not(None))
    due = select(Batch.id).where(Batch.ended_at.is_not(None), Batch.requests_purged_at.is_(None), input_is_gone)
    count = 0
    for batch_id in _all_of(open_session, due):
        count += _delete_in_slices(open_session, Request, Request.line, batch_id, LINES_AT_ONCE)
        with open_session() as session:
            session.get_one(Batch, batch_id).requests_purged_at = moment
    return count


def purge_results(open_session: OpenSession, moment: datetime) -> int:
    """Results go with the files that they were written to, or at the same age where there is no file."""
    of_batch = or_(File.id == Batch.output_file_id, File.id == Batch.error_file_id)
    files_are_gone = and_(
        exists().where(of_batch, File.purged_at.is_not(None)), ~exists().where(of_batch, File.purged_at.is_(None))
    )
    is_old = Batch.ended_at <= moment - timedelta(days=settings().output_retention_days)
    due = select(Batch.id).where(
        Batch.ended_at.is_not(None), Batch.results_purged_at.is_(None), or_(is_old, files_are_gone)
    )
    count = 0
    for batch_id in _all_of(open_session, due):
        count += _delete_in_slices(open_session, Result, Result.line, batch_id, LINES_AT_ONCE)
        with open_session() as session:
            session.get_one(Batch, batch_id).results_purged_at = moment
    return count


def purge_idempotency_keys(open_session: OpenSession, moment: datetime) -> None:
    with open_session() as session:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= moment - IDEMPOTENCY_KEY_AGE))


def _all_of(open_session: OpenSession, due: Select[UUID]) -> Sequence[UUID]:
    with open_session() as session:
        return session.scalars(due).all()


def _delete_in_slices(
    open_session: OpenSession,
    table: type[Request] | type[Result],
    position: InstrumentedAttribute[int],
    batch_id: UUID,
    step: int,
) -> int:
    """Walk along the primary key, a slice and a transaction at a time: one long delete would hold up vacuum."""
    with open_session() as session:
        last = session.scalar(select(func.max(position)).where(table.batch_id == batch_id))
    count = 0
    for start in range(0, -1 if last is None else last + 1, step):
        slice_ = (table.batch_id == batch_id, position >= start, position < start + step)
        with open_session() as session:
            count += session.execute(delete(table).where(*slice_)).rowcount  # type: ignore[attr-defined]
    return count
