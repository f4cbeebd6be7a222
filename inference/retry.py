"""Running again what did not succeed: a new batch on a new file, since an ended batch never changes."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from inference import batches, files, pages, quotas
from inference.batches import NewBatch
from inference.idempotency import once
from inference.pages import page_query
from inference.quotas import Limits
from inference.unanswered import SUCCEEDED
from inference.webhooks import subscriptions
from schemas import ids
from schemas.errors import Conflict
from schemas.settings import settings
from schemas.states import TERMINAL
from schemas.tables import Batch

UNSUCCESSFUL: Final = f"FROM requests WHERE batch_id = :batch_id AND line > :after_line AND {SUCCEEDED} IS NOT TRUE"
READ_PAGE: Final = text(page_query("line, custom_id, body", UNSUCCESSFUL, order="line", sized="body"))


def retry(
    session: Session,
    tenant: str,
    public_id: str,
    key_id: UUID | None,
    limits: Limits,
    idempotency_key: str | None = None,
) -> Batch:
    """A new batch with those requests of an ended one that failed, expired or were cancelled."""
    old = batches.get(session, tenant, public_id)
    # Asked before the row is locked: one that ends is locked for as long as its files are written.
    _check_has_ended(old)
    # The same call made twice at once: the second waits here for the first.
    session.refresh(old, with_for_update=True)
    fingerprint = hashlib.sha256(b"retry" + old.id.bytes).digest()
    make = partial(_retry, session, old, key_id, limits)
    return session.get_one(Batch, once(session, tenant, idempotency_key, fingerprint, make))


def _retry(session: Session, old: Batch, key_id: UUID | None, limits: Limits) -> UUID:
    quotas.check_pending(session, old.tenant, limits.pending_requests)
    _check_can_retry(old)
    with files.incoming() as content:
        content.receive(f"retry-of-{ids.show(ids.BATCH, old.id)}.jsonl", _unanswered(session, old))
        file = files.register(session, old.tenant, "batch", content, stored_limit=limits.stored_bytes)
        again = _like(session, old, ids.show(ids.FILE, file.id))
        return batches.create(session, replace(again, key_id=key_id)).id


def _like(session: Session, old: Batch, input_file_id: str) -> NewBatch:
    """What was wanted of the old batch, on another file."""
    webhook = subscriptions.of_batch(session, old)
    return NewBatch(
        tenant=old.tenant,
        key_id=old.key_id,
        input_file_id=input_file_id,
        endpoint=old.endpoint,
        completion_window=old.completion_window,
        metadata=old.details,
        output_expires_after_seconds=old.output_expires_after_seconds,
        priority=old.priority,
        # What is no longer possible is not wanted either.
        reuse_answers=old.reuse_answers and settings().reuse_days > 0,
        webhook_url=webhook.url if webhook else None,
        webhook_secret=webhook.secret if webhook else None,
        retry_of=old.id,
    )


def _check_has_ended(old: Batch) -> None:
    if old.status not in TERMINAL:
        message = f"A batch with status '{old.status}' has not ended. Cancel it first, or wait."
        raise Conflict(message, code="invalid_status")


def _check_can_retry(old: Batch) -> None:
    if old.requests_purged_at is not None:
        raise _not_kept()
    if old.total <= old.completed:
        raise Conflict("This batch has no failed or cancelled requests.", code="nothing_to_retry")


def _unanswered(session: Session, old: Batch) -> Iterator[bytes]:
    """The lines without a successful result, in the order of the file they came from, a page at a time."""
    count = 0
    wanted = {"batch_id": old.id, "after_line": 0, "rows": pages.ROWS, "bytes": pages.BYTES}
    while page := session.execute(READ_PAGE, wanted).all():
        count += len(page)
        for _, custom_id, body in page:
            yield b'{"custom_id":%b,"method":"POST","url":"%b","body":%b}\n' % (
                orjson.dumps(custom_id),
                old.endpoint.encode(),
                body.encode(),
            )
        wanted["after_line"] = page[-1].line
    if count < old.total - old.completed:
        # A purge is at it.
        raise _not_kept()


def _not_kept() -> Conflict:
    return Conflict("The requests of this batch are no longer kept. Upload its file again.", code="content_expired")
