"""`/v1/files`."""

from typing import Any

from flask import Response, request

from inference import files, quotas
from schemas import ids
from schemas.actions import Action
from schemas.settings import settings
from schemas.tables import File
from schemas.wire.files import FileCreate, FileDeleted, FileForm, FileList, FileObject, FileQuery
from webapi import audit
from webapi.api import arguments
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.api.listing import listed
from webapi.database import db
from webapi.downloads import download
from webapi.multipart import read_form

blueprint = Blueprint("files", __name__, "Inputs that you upload, and the outputs of your batches.")


@blueprint.post("/files")
@blueprint.doc(requestBody={"required": True, "content": {"multipart/form-data": {"schema": FileForm}}})
@blueprint.response(200, FileObject)
def create_file() -> File:
    """Upload a file.

    It is stored while it comes in, so its size is limited by the disk and the server's settings only.
    """
    check_quota(request.content_length or 0)
    with files.incoming() as content:
        max_bytes = settings().max_file_bytes
        form = read_form(request, "file", max_bytes, lambda name, blocks, _: content.receive(name, blocks))
        wanted = arguments.load(FileCreate(), form | {"filename": content.filename})
        expiry = wanted.get("expires_after", {}).get("seconds")
        limit = caller().limits.stored_bytes
        file = files.register(db.session(), tenant(), wanted["purpose"], content, expiry, stored_limit=limit)
        db.session.commit()
    return file


@blueprint.get("/files")
@blueprint.arguments(FileQuery, location="query")
@blueprint.response(200, FileList)
def list_files(wanted: dict[str, Any]) -> dict[str, Any]:
    """List files, newest first."""
    page = files.list_page(db.session(), tenant(), **wanted)
    return listed(page.items, page.items, ids.FILE, page.has_more)


@blueprint.get("/files/<file_id>")
@blueprint.response(200, FileObject)
def get_file(file_id: str) -> File:
    """Get a file's description."""
    return files.get(db.session(), tenant(), file_id)


@blueprint.get("/files/<file_id>/content")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def get_content(file_id: str) -> Response:
    """Download a file.

    Parts of it can be asked for with `Range`, so that a download that broke off can go on.
    """
    file = files.get(db.session(), tenant(), file_id)
    audit.note_now(Action.DATA_DOWNLOADED, file_id)
    return download(file)


@blueprint.delete("/files/<file_id>")
@blueprint.response(200, FileDeleted)
def delete_file(file_id: str) -> File:
    """Delete a file and its content.

    A file that a live batch reads can't be deleted.
    """
    file = files.delete(db.session(), tenant(), file_id)
    db.session.commit()
    files.remove_content(db.session(), file)
    db.session.commit()
    return file


def check_quota(adding: int) -> None:
    quotas.check_stored(db.session(), tenant(), caller().limits.stored_bytes, adding)
    # The connection is free for others while the body comes in.
    db.session.close()
