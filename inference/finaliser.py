"""Ending a batch: one finaliser writes the files, freezes the counts and records the event, in one transaction.

It may be called at any time, by anybody, twice at once: it acts only when the batch is ready to end. A process that
dies on the way leaves nothing but half-written files that never appear, and the next call starts over.
"""

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from inference.batch_lock import try_lock
from inference.batches import counted_in_chunks
from inference.file_store import file_store
from inference.progress import COUNTS, Progress
from inference.result_lines import EXPIRED, unanswered_line
from inference.unanswered import SUCCEEDED
from inference.webhooks import outbox
from schemas import ids
from schemas.database import copied_text, raw_connection, session_scope
from schemas.states import BatchStatus, check_batch_move
from schemas.tables import Batch, File
from schemas.tables.base import now

log = logging.getLogger(__name__)

PAGE: Final = 1000

# A batch can end when nobody can still write to it: each chunk is done, or its lease is over.
STILL_HELD: Final = text("""
    SELECT count(*) FILTER (WHERE state = 'leased' AND lease_expires_at > now()),
           count(*) FILTER (WHERE state <> 'done')
    FROM chunks WHERE batch_id = :batch_id
""")
# A large file takes its time to be on the disk, and the transaction is idle meanwhile.
MAY_TAKE_LONG: Final = text("SET LOCAL idle_in_transaction_session_timeout = 0")
FENCE_ALL: Final = text("""
    UPDATE chunks SET state = 'done', epoch = epoch + 1, worker = NULL, lease_expires_at = NULL
    WHERE batch_id = :batch_id AND state <> 'done'
""")
UNFINISHED: Final = text(f"""
    SELECT line, custom_id FROM requests WHERE batch_id = :batch_id AND {SUCCEEDED} IS NULL ORDER BY line
""")
ROOM_NEEDED: Final = text("SELECT sum(octet_length(answer)) FROM results WHERE batch_id = :batch_id")
COPY_ANSWERS: Final = """
    COPY (
        SELECT answer FROM results WHERE batch_id = %(batch_id)s AND succeeded = %(succeeded)s ORDER BY line
    ) TO STDOUT
"""
ENDED: Final = {
    BatchStatus.COMPLETED: "batch.completed",
    BatchStatus.EXPIRED: "batch.expired",
    BatchStatus.CANCELLED: "batch.cancelled",
}


def finalise(batch_id: UUID) -> BatchStatus | None:
    """End the batch if it is ready to; returns how it ended, or None when there was nothing to do."""
    with session_scope() as session:
        if not _announce(session, batch_id):
            return None
    with session_scope() as session:
        return _end(session, batch_id)


def _announce(session: Session, batch_id: UUID) -> bool:
    """Let people see `finalizing` while the files are written, which takes a while for a large batch."""
    batch = _batch_to_end(session, batch_id)
    if batch is None or _ending(session, batch) is None:
        return False
    if batch.status == BatchStatus.IN_PROGRESS:
        batch.status, batch.finalizing_at = check_batch_move(batch.status, BatchStatus.FINALIZING), now()
    return True


def _end(session: Session, batch_id: UUID) -> BatchStatus | None:
    batch = _batch_to_end(session, batch_id)
    ending = _ending(session, batch) if batch else None
    if batch is None or ending is None:
        return None
    session.execute(MAY_TAKE_LONG)
    session.execute(FENCE_ALL, {"batch_id": batch.id})
    _freeze_counts(session, batch, ending)
    _write_files(session, batch, ending)
    batch.status, batch.ended_at = check_batch_move(batch.status, ending), now()
    session.flush()
    outbox.record(session, batch, ENDED[ending])
    log.info("batch %s ended: %s, %d of %d completed", batch.id, ending, batch.completed, batch.total)
    return ending


def _batch_to_end(session: Session, batch_id: UUID) -> Batch | None:
    """The batch, if nobody else is ending it."""
    return session.get(Batch, batch_id, with_for_update=True) if try_lock(session, batch_id) else None


def _ending(session: Session, batch: Batch) -> BatchStatus | None:
    """How the batch is to end, if it can end now."""
    held, unfinished = session.execute(STILL_HELD, {"batch_id": batch.id}).one()
    expired = batch.expires_at <= now()
    if held:
        return None
    if batch.status == BatchStatus.CANCELLING:
        return BatchStatus.CANCELLED
    if batch.status == BatchStatus.VALIDATING:
        return BatchStatus.EXPIRED if expired else None
    if batch.status in (BatchStatus.IN_PROGRESS, BatchStatus.FINALIZING):
        if not unfinished:
            return BatchStatus.COMPLETED
        return BatchStatus.EXPIRED if expired else None
    return None


def _freeze_counts(session: Session, batch: Batch, ending: BatchStatus) -> None:
    counts = counted_in_chunks(session, [batch.id]).get(batch.id, Progress())
    for name in COUNTS:
        setattr(batch, name, getattr(counts, name))
    if ending == BatchStatus.EXPIRED:
        batch.failed = batch.total - batch.completed


def _write_files(session: Session, batch: Batch, ending: BatchStatus) -> None:
    """An output file if anything succeeded, an error file if anything did not."""
    file_store().check_room(session.scalar(ROOM_NEEDED, {"batch_id": batch.id}) or 0)
    if batch.completed:
        batch.output_file_id = _write(session, batch, "output", _finished(session, batch, succeeded=True))
    if batch.failed:
        batch.error_file_id = _write(session, batch, "failed", _unsuccessful(session, batch, ending))


def _write(session: Session, batch: Batch, folder: str, lines: Generator[bytes, None, None]) -> UUID:
    # The place follows from the batch, so a second try replaces what a first one may have left.
    location, size = f"{folder}/{ids.show(ids.BATCH, batch.id)}.jsonl", 0
    # Should the disk be full, the lines' COPY must end before the session can roll back: it would wait for ever.
    with file_store().create(location) as stream, closing(lines):
        for line in lines:
            size += stream.write(line)
    lasts = batch.output_expires_after_seconds
    file = File(
        id=ids.new_id(),
        tenant=batch.tenant,
        purpose="batch_output",
        filename=f"{ids.show(ids.BATCH, batch.id)}_{'output' if folder == 'output' else 'error'}.jsonl",
        bytes=size,
        location=location,
        created_at=now(),
        expires_at=now() + timedelta(seconds=lasts) if lasts else None,
    )
    session.add(file)
    session.flush()
    return file.id


def _unsuccessful(session: Session, batch: Batch, ending: BatchStatus) -> Generator[bytes, None, None]:
    yield from _finished(session, batch, succeeded=False)
    if ending == BatchStatus.EXPIRED:
        yield from _expired(session, batch)


def _finished(session: Session, batch: Batch, *, succeeded: bool) -> Generator[bytes, None, None]:
    """The finished lines straight out of PostgreSQL, each with its line end."""
    wanted = {"batch_id": batch.id, "succeeded": succeeded}
    with raw_connection(session).cursor() as cursor, cursor.copy(COPY_ANSWERS, wanted) as copy:
        for row in copy:
            yield copied_text(bytes(row))


def _expired(session: Session, batch: Batch) -> Iterator[bytes]:
    # The option, and not the method of the result: only the option reads from a cursor at the server.
    unfinished = session.execute(UNFINISHED, {"batch_id": batch.id}, execution_options={"yield_per": PAGE})
    for line, custom_id in unfinished:
        yield unanswered_line(batch.id, line, custom_id, *EXPIRED) + b"\n"
