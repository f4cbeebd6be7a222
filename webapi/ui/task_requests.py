"""Requests of a task, made from a file of rows while it comes in, and an example of such a file."""

import csv
import io
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Blueprint, Response, g, redirect, render_template, url_for

from curation.task_schemas import registry
from curation.task_schemas.registry import Found
from curation.task_schemas.request_files import RequestFile
from curation.task_schemas.rows import example_row
from inference import files, quotas
from inference.models import registry as models
from schemas import ids
from schemas.errors import FaultsFound, RequestInvalid, VbsError
from schemas.tables import ApiKey, File
from webapi.database import db
from webapi.downloads import attachment
from webapi.errors import status_of
from webapi.ui import upload_form
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
        file, rows = made(g.key, task)
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
    return attachment(text.getvalue(), "text/csv", f"{name}.csv")


def cell(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()


def form(task: Found, **said: Any) -> str:
    served = models.list_served(db.session())
    return render_template("ui/task_requests.html", task=task, document=task.document, models=served, **said)


def made(key: ApiKey, task: Found) -> tuple[File, RequestFile]:
    with files.incoming() as content:
        rows = read(task, content)
        limit = quotas.limits_of(key).stored_bytes
        file = files.register(db.session(), key.tenant, PURPOSE, content, stored_limit=limit)
        db.session.commit()
    return file, rows


def read(task: Found, content: files.Incoming) -> RequestFile:
    begun: list[RequestFile] = []

    def receive(_: str, blocks: Iterator[bytes], fields: Mapping[str, str]) -> None:
        begun.append(rows_for(task, fields))
        content.receive(f"{task.name}.jsonl", begun[0].blocks(blocks))

    upload_form.read(receive)
    if not begun:
        raise RequestInvalid("Choose a file first.", param="file")
    return begun[0]


def rows_for(task: Found, fields: Mapping[str, str]) -> RequestFile:
    if not fields.get("model"):
        raise RequestInvalid("Choose a model first.", param="model")
    return RequestFile(task.document, fields["model"], skips_bad_rows=fields.get("bad_rows") == "skip")
