"""Uploads: a large file sent in parts, in any order, and put together at the end."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from inference import files
from inference.file_store import Removal, file_store
from schemas import ids
from schemas.errors import Conflict, ContentGone, PayloadTooLarge, RequestInvalid, UploadNotFound
from schemas.limits import MOST_PARTS
from schemas.settings import settings
from schemas.states import UploadStatus, check_upload_move
from schemas.tables import File, Upload, UploadPart
from schemas.tables.base import now


@dataclass(frozen=True, slots=True)
class Plan:
    """The contents that make up a file, in order."""

    filename: str
    locations: tuple[str, ...]


def create(
    session: Session,
    tenant: str,
    *,
    filename: str,
    purpose: str,
    mime_type: str,
    total_bytes: int,
    file_expires_after_seconds: int | None = None,
) -> Upload:
    if total_bytes > settings().max_file_bytes:
        raise PayloadTooLarge(f"An upload can have {settings().max_file_bytes} bytes at most.", param="bytes")
    created = now()
    upload = Upload(
        tenant=tenant,
        purpose=purpose,
        filename=filename,
        mime_type=mime_type,
        bytes=total_bytes,
        created_at=created,
        expires_at=created + timedelta(seconds=settings().upload_seconds),
        file_expires_after_seconds=file_expires_after_seconds,
    )
    session.add(upload)
    session.flush()
    return upload


def get(session: Session, tenant: str, upload_id: str) -> Upload:
    upload = session.get(Upload, ids.parse(ids.UPLOAD, upload_id, UploadNotFound))
    if upload is None or upload.tenant != tenant:
        raise UploadNotFound(upload_id)
    return upload


def check_pending(session: Session, tenant: str, upload_id: str) -> None:
    """Refuse a body for an upload that has ended before the body is read."""
    check_upload_move(shown_status(get(session, tenant, upload_id)), UploadStatus.COMPLETED)


def shown_status(upload: Upload) -> UploadStatus:
    """An upload has expired at its time, whether or not the sweep has been there yet."""
    status = UploadStatus(upload.status)
    return UploadStatus.EXPIRED if status == UploadStatus.PENDING and upload.expires_at <= now() else status


def add_part(session: Session, tenant: str, upload_id: str, content: files.Incoming) -> UploadPart:
    """Make a part of a received content."""
    if content.location is None:
        raise RequestInvalid("Missing required parameter: 'data'.", param="data")
    upload = _lock_pending(session, tenant, upload_id, UploadStatus.COMPLETED)
    _check_room(session, upload, content.bytes)
    part = UploadPart(id=content.id, upload_id=upload.id, bytes=content.bytes, location=content.location)
    session.add(part)
    session.flush()
    return part


def plan(session: Session, tenant: str, upload_id: str, part_ids: Sequence[str]) -> Plan:
    """What to put together, in the order that is asked for: it must be as long as was announced."""
    upload = _lock_pending(session, tenant, upload_id, UploadStatus.COMPLETED)
    parts = _ordered_parts(session, upload, part_ids)
    total = sum(part.bytes for part in parts)
    if total != upload.bytes:
        message = f"The parts have {total} bytes together, but {upload.bytes} were announced."
        raise RequestInvalid(message, param="part_ids")
    return Plan(upload.filename, tuple(part.location for part in parts))


def assemble(planned: Plan, content: files.Incoming, md5: str | None) -> None:
    """Copy the parts into one content. This may take minutes, so no session is held meanwhile."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        content.receive(planned.filename, _digested(planned.locations, digest))
    except ContentGone:
        message = "The upload was completed or cancelled while its parts were put together."
        raise Conflict(message, code="invalid_status") from None
    if md5 is not None and md5.lower() != (found := digest.hexdigest()):
        raise RequestInvalid(f"The md5 checksum of the content is {found}.", param="md5", code="md5_mismatch")


def complete(
    session: Session, tenant: str, upload_id: str, content: files.Incoming, *, stored_limit: int
) -> tuple[Upload, File]:
    """Make the file. Of several completions at once the first wins."""
    upload = _lock_pending(session, tenant, upload_id, UploadStatus.COMPLETED)
    # First, so that the room reserved for it is free for its file.
    upload.status = UploadStatus.COMPLETED
    session.flush()
    lasts = upload.file_expires_after_seconds
    file = files.register(session, tenant, upload.purpose, content, lasts, stored_limit=stored_limit)
    upload.file_id = file.id
    session.flush()
    return upload, file


def cancel(session: Session, tenant: str, upload_id: str) -> Upload:
    upload = _lock_pending(session, tenant, upload_id, UploadStatus.CANCELLED)
    upload.status = UploadStatus.CANCELLED
    session.flush()
    return upload


def discard_parts(session: Session, upload: Upload) -> Removal:
    """Remove the parts of an upload that has ended; they are of no more use."""
    return remove_parts(session, session.scalars(select(UploadPart).where(UploadPart.upload_id == upload.id)).all())


def remove_parts(session: Session, parts: Sequence[UploadPart]) -> Removal:
    """Remove contents with their rows. The row of one that can't be removed stays, for the next purge to find."""
    removal, gone = Removal(), []
    for part in parts:
        is_gone = file_store().remove(part.location)
        removal.add(is_gone)
        if is_gone:
            gone.append(part.id)
    session.execute(delete(UploadPart).where(UploadPart.id.in_(gone)))
    return removal


def expire_due(session: Session, moment: datetime, limit: int = 100) -> Sequence[Upload]:
    """End uploads whose time is over."""
    due = select(Upload).where(Upload.status == UploadStatus.PENDING, Upload.expires_at <= moment)
    uploads = session.scalars(due.order_by(Upload.expires_at).limit(limit).with_for_update(skip_locked=True)).all()
    for upload in uploads:
        upload.status = check_upload_move(upload.status, UploadStatus.EXPIRED)
    session.flush()
    return uploads


def _lock_pending(session: Session, tenant: str, upload_id: str, wanted: UploadStatus) -> Upload:
    upload = get(session, tenant, upload_id)
    session.refresh(upload, with_for_update=True)
    check_upload_move(shown_status(upload), wanted)
    return upload


def _check_room(session: Session, upload: Upload, adding: int) -> None:
    """Parts may be sent again after a fault, but an upload is no place to keep any amount of data."""
    count, stored = session.execute(
        select(func.count(), func.coalesce(func.sum(UploadPart.bytes), 0)).where(UploadPart.upload_id == upload.id)
    ).one()
    if count >= MOST_PARTS or stored + adding > 2 * upload.bytes:
        raise RequestInvalid("The parts hold far more than the file that was announced.", param="data")


def _ordered_parts(session: Session, upload: Upload, part_ids: Sequence[str]) -> list[UploadPart]:
    found = session.scalars(select(UploadPart).where(UploadPart.upload_id == upload.id))
    by_id = {ids.show(ids.PART, part.id): part for part in found}
    unknown = next((part_id for part_id in part_ids if part_id not in by_id), None)
    if unknown is not None:
        raise RequestInvalid(f"This upload has no part '{unknown}'.", param="part_ids")
    if len(set(part_ids)) != len(part_ids):
        raise RequestInvalid("A part can be used once.", param="part_ids")
    return [by_id[part_id] for part_id in part_ids]


def _digested(locations: Iterable[str], digest: "hashlib._Hash") -> Iterator[bytes]:
    for location in locations:
        with file_store().open(location) as stream:
            while block := stream.read(files.BLOCK_BYTES):
                digest.update(block)
                yield block
