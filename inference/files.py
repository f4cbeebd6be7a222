"""Files: their rows, and their way in and out of the file store."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Final, Literal
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from inference import quotas
from inference.file_store import file_store
from inference.paging import Page, page_of, place_of
from schemas import ids
from schemas.database import DATABASE_LOST
from schemas.errors import Conflict, ContentGone, CursorUnknown, FileNotFound, PayloadTooLarge, RequestInvalid
from schemas.settings import settings
from schemas.tables import Batch, File
from schemas.tables.base import now

BLOCK_BYTES: Final = 262_144

Order = Literal["asc", "desc"]


class Incoming:
    """A content on its way in. What it will be used for need not be known yet."""

    def __init__(self, folder: str, prefix: str) -> None:
        self.id: UUID = ids.new_id()
        self.location: str | None = None
        self._stem = f"{folder}/{ids.show(prefix, self.id)}"
        self.filename = ""
        self.bytes = 0

    def receive(self, filename: str, blocks: Iterable[bytes], max_bytes: int | None = None) -> None:
        """Store the blocks as they come."""
        if self.location is not None:
            raise RequestInvalid("Send one file, not several.", param="file")
        # The name is the caller's text: all that reaches the path is whether it says that lines are inside.
        self.location = f"{self._stem}.jsonl" if filename.endswith(".jsonl") else self._stem
        self.filename = filename
        self.bytes = write(self.location, blocks, settings().max_file_bytes if max_bytes is None else max_bytes)


@contextmanager
def incoming(folder: str = "input", prefix: str = ids.FILE) -> Iterator[Incoming]:
    """Receive a content in this block, register it and commit: if anything of that fails, the content is removed."""
    content = Incoming(folder, prefix)
    try:
        yield content
    except DATABASE_LOST:
        # Nobody knows whether the commit got through. If it did not, the content is a stray, which the purge removes.
        raise
    except BaseException:
        if content.location is not None:
            file_store().remove(content.location)
        raise


def write(location: str, blocks: Iterable[bytes], max_bytes: int) -> int:
    """Store blocks under a location and count their bytes."""
    size = 0
    with file_store().create(location) as stream:
        for block in blocks:
            size += len(block)
            if size > max_bytes:
                raise PayloadTooLarge(f"The content is larger than the {max_bytes} bytes that are allowed.")
            stream.write(block)
    return size


def register(
    session: Session,
    tenant: str,
    purpose: str,
    content: Incoming,
    expires_after_seconds: int | None = None,
    *,
    stored_limit: int,
) -> File:
    """Make a file of a received content, if the tenant may keep it beside its others. No limit is 0."""
    if content.location is None:
        raise RequestInvalid("Missing required parameter: 'file'.", param="file")
    if content.bytes == 0:
        raise RequestInvalid("The file is empty.", param="file", code="empty_file")
    quotas.check_stored(session, tenant, stored_limit, content.bytes)
    created = now()
    file = File(
        id=content.id,
        tenant=tenant,
        purpose=purpose,
        filename=content.filename,
        bytes=content.bytes,
        location=content.location,
        created_at=created,
        expires_at=expiry(created, expires_after_seconds),
    )
    session.add(file)
    session.flush()
    return file


def create(
    session: Session,
    tenant: str,
    filename: str,
    purpose: str,
    stream: IO[bytes],
    expires_after_seconds: int | None = None,
) -> File:
    """Store a stream of our own and make a file of it, in one call."""
    with incoming() as content:
        content.receive(filename, iter(lambda: stream.read(BLOCK_BYTES), b""))
        return register(session, tenant, purpose, content, expires_after_seconds, stored_limit=0)


def get(session: Session, tenant: str, file_id: str) -> File:
    file = session.get(File, ids.parse(ids.FILE, file_id, FileNotFound))
    if file is None or file.tenant != tenant or file.deleted_at is not None:
        raise FileNotFound(file_id)
    return file


def list_page(
    session: Session,
    tenant: str,
    *,
    purpose: str | None = None,
    after: str | None = None,
    limit: int = 10_000,
    order: Order = "desc",
) -> Page[File]:
    """A page of files by creation time. `after` is the id of the last file of the page before."""
    newest_first = order == "desc"
    query = select(File).where(File.tenant == tenant, File.deleted_at.is_(None))
    if purpose is not None:
        query = query.where(File.purpose == purpose)
    if after is not None:
        cursor = _cursor(session, tenant, after)
        query = query.where(File.id < cursor if newest_first else File.id > cursor)
    query = query.order_by(File.id.desc() if newest_first else File.id).limit(limit + 1)
    return page_of(session.scalars(query).all(), limit)


def is_kept(file: File) -> bool:
    """A content is gone at its time, whether or not the purge has been there yet."""
    return file.purged_at is None and (file.expires_at is None or file.expires_at > now())


def open_content(file: File) -> IO[bytes]:
    """The content, seekable, while it is kept."""
    if not is_kept(file):
        raise ContentGone("The content of this file is no longer kept.", param="file_id")
    return file_store().open(file.location)


def delete(session: Session, tenant: str, file_id: str) -> File:
    """Take a file out of sight. Its content goes with `remove_content`, after the commit."""
    file = get(session, tenant, file_id)
    session.refresh(file, with_for_update=True)
    if session.scalar(select(exists().where(Batch.input_file_id == file.id, Batch.ended_at.is_(None)))):
        raise Conflict("The file is in use by a batch that has not ended. Cancel the batch first.", code="file_in_use")
    file.deleted_at = now()
    session.flush()
    return file


def remove_content(session: Session, file: File) -> bool:
    """Remove the content of a file that is deleted. Should this fail or be lost, the next purge tries again."""
    gone = file_store().remove(file.location)
    if gone:
        file.purged_at = now()
        session.flush()
    return gone


def expiry(created: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else created + timedelta(seconds=seconds)


def _cursor(session: Session, tenant: str, after: str) -> UUID:
    # A file that was deleted since still marks its place in the list.
    file = session.get(File, place_of(ids.FILE, after))
    if file is None or file.tenant != tenant:
        raise CursorUnknown(after)
    return file.id
