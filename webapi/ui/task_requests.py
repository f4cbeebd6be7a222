"""Requests of a task, made from a file of rows while it comes in, and an example of such a file."""

import csv
import io
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Blueprint, Request, Response, g, redirect, render_template, request, url_for
from werkzeug.sansio.multipart import Field
from werkzeug.sansio.multipart import File as FilePart

from curation.task_schemas import registry
from curation.task_schemas.registry import Found
from curation.task_schemas.request_files import RequestFile
from curation.task_schemas.rows import example_row
from inference import files, quotas
from inference.models import registry as models
from schemas import ids
from schemas.errors import FaultsFound, RequestInvalid, VbsError
from schemas.settings import settings
from schemas.tables import ApiKey, File
from webapi import multipart
from webapi.database import db
from webapi.errors import status_of
from webapi.ui import guard
from webapi.ui.guard import reads_form_itself, tenant

blueprint = Blueprint("task_requests", __name__)
PURPOSE: Final = "batch"


@blueprint.get("/tasks/<name>/requests")
def show_form(name: str) -> str:
    return form(registry.get(db.session(), tenant(), name))


@blueprint.post("/tasks/<name>/requests")
@reads_form_itself
def make(name: str) -> Any:
    task = registry.get(db.session(), tenant(), name)
    try:
        file, rows = made(request, g.key, task)
    except VbsError as error:
        db.session.rollback()
        faults = error.faults if isinstance(error, FaultsFound) else []
        return form(task, error=error.message, faults=faults), status_of(error)
    if rows.faults:
        return form(task, file=file, rows=rows, faults=rows.faults)
    return redirect(url_for("files.show_form", file_id=ids.show(ids.FILE, file.id)), HTTPStatus.SEE_OTHER)


@blueprint.get("/tasks/<name>/rows.csv")
def download_example(name: str) -> Response:
    """The header that a file of rows needs, and a row."""
    document = registry.get(db.session(), tenant(), name).document
    row = document.get("sample", example_row(document["data"]))
    names = [column["name"] for column in document["data"]]
    text = io.StringIO()
    csv.writer(text).writerows([names, [cell(row.get(one)) for one in names]])
    response = Response(text.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return response


def cell(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()


def form(task: Found, **said: Any) -> str:
    served = models.list_served(db.session())
    return render_template("ui/task_requests.html", task=task, document=task.document, models=served, **said)


def made(request: Request, key: ApiKey, task: Found) -> tuple[File, RequestFile]:
    limit = quotas.limits_of(key).stored_bytes
    quotas.check_stored(db.session(), key.tenant, limit, request.content_length or 0)
    # The connection is free for others while the rows come in.
    db.session.close()
    with files.incoming() as content:
        rows = read(request, task, content)
        file = files.register(db.session(), key.tenant, PURPOSE, content, stored_limit=limit)
        db.session.commit()
    return file, rows


def read(request: Request, task: Found, content: files.Incoming) -> RequestFile:
    """The fields that say what to do with the file stand before it in our form."""
    boundary = request.mimetype_params.get("boundary", "")
    request.max_content_length = settings().max_file_bytes + multipart.FORM_OVERHEAD_BYTES
    events = multipart.decoded(request.stream, boundary.encode("latin-1", "replace"))
    fields: dict[str, str] = {}
    rows: RequestFile | None = None
    for event in events:
        if isinstance(event, Field):
            fields[event.name] = multipart.text(event.name, multipart.content(events))
        elif isinstance(event, FilePart):
            # A stranger's form must not even fill the disk.
            guard.check_token(fields.get(guard.TOKEN_FIELD, ""))
            rows = rows_for(task, fields, event.filename)
            content.receive(f"{task.name}.jsonl", rows.blocks(event.filename, multipart.content(events)))
    guard.check_token(fields.get(guard.TOKEN_FIELD, ""))
    if rows is None:
        raise RequestInvalid("Choose a file of rows first.", param="file")
    return rows


def rows_for(task: Found, fields: dict[str, str], filename: str) -> RequestFile:
    if not filename:
        raise RequestInvalid("Choose a file of rows first.", param="file")
    if not fields.get("model"):
        raise RequestInvalid("Choose a model first.", param="model")
    return RequestFile(task.document, fields["model"], skips_bad_rows=fields.get("bad_rows") == "skip")
