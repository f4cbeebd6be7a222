"""The form that starts a batch: on a file that comes with it, or on one that was uploaded before."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from inference import batches, files, quotas
from inference.model_override import with_model
from schemas import ids
from schemas.errors import RequestInvalid
from schemas.settings import settings
from schemas.tables import ApiKey, Batch
from webapi.database import db
from webapi.ui import upload_form

PURPOSE: Final = "batch"
NOT_BOTH: Final = "Send a file, or name one that was uploaded before, not both."


def start(key: ApiKey) -> Batch:
    """A batch on the file in the form, or on the uploaded file that it names."""
    limits = quotas.limits_of(key)
    quotas.check_pending(db.session(), key.tenant, limits.pending_requests)
    with files.incoming() as content:
        fields = upload_form.read(partial(receive, content))
        if content.location is not None and fields.get("file_id"):
            raise RequestInvalid(NOT_BOTH, param="file")
        file_id = fields.get("file_id") or register(key, content, limits)
        batch = batches.create(db.session(), wanted(key, file_id, fields))
        db.session.commit()
    return batch


def receive(content: files.Incoming, filename: str, blocks: Iterator[bytes], fields: Mapping[str, str]) -> None:
    if fields.get("file_id"):
        raise RequestInvalid(NOT_BOTH, param="file")
    model = fields.get("model")
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
