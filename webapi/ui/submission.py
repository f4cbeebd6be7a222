"""The form that starts a batch, read while it comes in: a file of any size goes straight to the file store."""

from collections.abc import Iterator
from typing import Final

from flask import Request
from werkzeug.sansio.multipart import Field
from werkzeug.sansio.multipart import File as FilePart

from inference import batches, files, quotas
from inference.model_override import with_model
from schemas import ids
from schemas.errors import RequestInvalid
from schemas.settings import settings
from schemas.tables import ApiKey, Batch
from webapi import multipart
from webapi.database import db
from webapi.ui import guard

PURPOSE: Final = "batch"


def start(request: Request, key: ApiKey) -> Batch:
    """A batch on the file in the form, or on the uploaded file that it names."""
    limits = quotas.limits_of(key)
    quotas.check_pending(db.session(), key.tenant, limits.pending_requests)
    quotas.check_stored(db.session(), key.tenant, limits.stored_bytes, request.content_length or 0)
    # The connection is free for others while the file comes in.
    db.session.close()
    with files.incoming() as content:
        fields = read(request, content)
        file_id = fields.get("file_id") or register(key, content, limits)
        batch = batches.create(db.session(), wanted(key, file_id, fields))
        db.session.commit()
    return batch


def read(request: Request, content: files.Incoming) -> dict[str, str]:
    """The fields; those that say what to do with the file stand before it in our form."""
    boundary = request.mimetype_params.get("boundary", "")
    request.max_content_length = settings().max_file_bytes + multipart.FORM_OVERHEAD_BYTES
    events = multipart.decoded(request.stream, boundary.encode("latin-1", "replace"))
    fields: dict[str, str] = {}
    for event in events:
        if isinstance(event, Field):
            fields[event.name] = multipart.text(event.name, multipart.content(events))
        elif isinstance(event, FilePart):
            # A stranger's form must not even fill the disk.
            guard.check_token(fields.get(guard.TOKEN_FIELD, ""))
            check_one_file(fields, sent=True)
            receive(event.filename, multipart.content(events), content, fields.get("model", ""))
    guard.check_token(fields.get(guard.TOKEN_FIELD, ""))
    check_one_file(fields, sent=content.location is not None)
    return fields


def check_one_file(fields: dict[str, str], *, sent: bool) -> None:
    if sent and fields.get("file_id"):
        raise RequestInvalid("Send a file, or name one that was uploaded before, not both.", param="file")


def receive(filename: str, blocks: Iterator[bytes], content: files.Incoming, model: str) -> None:
    if not filename:
        raise RequestInvalid("Choose a file of requests first.", param="file")
    content.receive(filename, with_model(blocks, model, settings().max_line_bytes) if model else blocks)


def register(key: ApiKey, content: files.Incoming, limits: quotas.Limits) -> str:
    file = files.register(db.session(), key.tenant, PURPOSE, content, stored_limit=limits.stored_bytes)
    return ids.show(ids.FILE, file.id)


def wanted(key: ApiKey, file_id: str, fields: dict[str, str]) -> batches.NewBatch:
    name = fields.get("description", "").strip()
    return batches.NewBatch(
        tenant=key.tenant,
        key_id=key.id,
        input_file_id=file_id,
        endpoint=fields.get("endpoint", ""),
        completion_window=fields.get("completion_window", ""),
        metadata={"description": name[:512]} if name else None,
    )
