"""`/v1/task-schemas/{name}/requests`: a file of rows becomes a file of requests."""

from dataclasses import dataclass
from typing import Any

from flask import request

from curation.task_schemas import registry
from curation.task_schemas.request_files import RequestFile
from inference import files
from schemas import tables
from schemas.settings import settings
from schemas.wire.task_schemas import RowsForm, RowsQuery, TaskRequests
from webapi.api import faults
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.api.files import check_quota
from webapi.database import db
from webapi.multipart import read_form

blueprint = Blueprint("task_requests", __name__, "Requests made from rows.")
faults.tell_all(blueprint)


@dataclass(frozen=True, slots=True)
class Made:
    file: tables.File
    requests: int
    bad_rows: int
    faults: list[dict[str, Any]]


@blueprint.post("/task-schemas/<name>/requests")
@blueprint.arguments(RowsQuery, location="query")
@blueprint.doc(requestBody={"required": True, "content": {"multipart/form-data": {"schema": RowsForm}}})
@blueprint.response(200, TaskRequests)
def make_requests(given: dict[str, Any], name: str) -> Made:
    """Make the input file of a batch from a CSV file or JSON lines with one row for each request.

    It is made while the rows come in. One bad row, and there is no file, unless bad rows are to be skipped.
    """
    task = registry.get(db.session(), tenant(), name, given["version"])
    check_quota(request.content_length or 0)
    rows = RequestFile(task.document, given["model"], skips_bad_rows=given["bad_rows"] == "skip")
    with files.incoming() as content:
        read_form(
            request,
            "file",
            settings().max_file_bytes,
            lambda _, blocks, __: content.receive(f"{name}.jsonl", rows.blocks(blocks)),
        )
        limit = caller().limits.stored_bytes
        file = files.register(db.session(), tenant(), "batch", content, stored_limit=limit)
        db.session.commit()
    return Made(file, rows.requests, rows.bad_rows, rows.faults)
