"""`/v1/uploads`: large files in parts."""

from dataclasses import dataclass
from typing import Any

from flask import request

from inference import files, quotas, uploads
from schemas import ids, tables
from schemas.settings import settings
from schemas.states import UploadStatus
from schemas.wire.files import PartForm, Upload, UploadComplete, UploadCreate, UploadPart
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db
from webapi.multipart import read_form

blueprint = Blueprint("uploads", __name__, "Large files, sent in parts and put together at the end.")


@dataclass(frozen=True, slots=True)
class Shown:
    upload: tables.Upload
    file: tables.File | None = None

    @property
    def status(self) -> UploadStatus:
        return uploads.shown_status(self.upload)


@blueprint.post("/uploads")
@blueprint.arguments(UploadCreate)
@blueprint.response(200, Upload)
def create_upload(wanted: dict[str, Any]) -> Shown:
    """Begin an upload."""
    quotas.check_stored(db.session(), tenant(), caller().limits.stored_bytes, wanted["bytes"])
    upload = uploads.create(
        db.session(),
        tenant(),
        filename=wanted["filename"],
        purpose=wanted["purpose"],
        mime_type=wanted["mime_type"],
        total_bytes=wanted["bytes"],
        file_expires_after_seconds=wanted.get("expires_after", {}).get("seconds"),
    )
    db.session.commit()
    return Shown(upload)


@blueprint.post("/uploads/<upload_id>/parts")
@blueprint.doc(requestBody={"required": True, "content": {"multipart/form-data": {"schema": PartForm}}})
@blueprint.response(200, UploadPart)
def create_part(upload_id: str) -> tables.UploadPart:
    """Add a part.

    Parts may come in any order and several at once.
    """
    uploads.check_pending(db.session(), tenant(), upload_id)
    db.session.close()
    with files.incoming("parts", ids.PART) as content:
        max_bytes = settings().max_part_bytes
        read_form(request, "data", max_bytes, lambda name, blocks, _: content.receive(name, blocks, max_bytes))
        part = uploads.add_part(db.session(), tenant(), upload_id, content)
        db.session.commit()
    return part


@blueprint.post("/uploads/<upload_id>/complete")
@blueprint.arguments(UploadComplete)
@blueprint.response(200, Upload)
def complete_upload(wanted: dict[str, Any], upload_id: str) -> Shown:
    """Put the parts together, in the order of `part_ids`."""
    planned = uploads.plan(db.session(), tenant(), upload_id, wanted["part_ids"])
    db.session.close()
    with files.incoming() as content:
        uploads.assemble(planned, content, wanted["md5"])
        limit = caller().limits.stored_bytes
        upload, file = uploads.complete(db.session(), tenant(), upload_id, content, stored_limit=limit)
        db.session.commit()
    discard_parts(upload)
    return Shown(upload, file)


@blueprint.post("/uploads/<upload_id>/cancel")
@blueprint.response(200, Upload)
def cancel_upload(upload_id: str) -> Shown:
    """Cancel an upload and drop its parts."""
    upload = uploads.cancel(db.session(), tenant(), upload_id)
    db.session.commit()
    discard_parts(upload)
    return Shown(upload)


def discard_parts(upload: tables.Upload) -> None:
    uploads.discard_parts(db.session(), upload)
    db.session.commit()
