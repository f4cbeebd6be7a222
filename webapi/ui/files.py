"""The pages of files: those that are kept, and the form that turns one into a batch."""

from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from inference import files
from inference.engines.base import ENDPOINTS
from inference.models import registry
from schemas import ids
from schemas.actions import Action
from schemas.errors import VbsError
from tasks import dispatch
from webapi import audit
from webapi.database import db
from webapi.downloads import attachment, download
from webapi.errors import status_of
from webapi.ui import submission
from webapi.ui.guard import reads_form_itself, tenant

blueprint = Blueprint("files", __name__)
PAGE: Final = 25
WINDOWS: Final = {"1h": "1 hour", "6h": "6 hours", "24h": "1 day", "3d": "3 days", "7d": "7 days", "30d": "30 days"}
EXAMPLES: Final = ("Name the capital of France.", "Name the capital of Peru.", "Write a haiku about patience.")


@blueprint.get("/files")
def show_all() -> str:
    page = files.list_page(db.session(), tenant(), after=request.args.get("after"), limit=PAGE)
    return render_template("ui/files.html", page=page)


@blueprint.get("/files/<file_id>/content")
def download_file(file_id: str) -> Response:
    file = files.get(db.session(), tenant(), file_id)
    audit.note_now(Action.DATA_DOWNLOADED, file_id)
    return download(file)


@blueprint.get("/new")
def show_form() -> str:
    return form(request.args.get("file_id"))


@blueprint.post("/new")
@reads_form_itself
def submit() -> Any:
    try:
        batch = submission.start(g.key)
    except VbsError as error:
        db.session.rollback()
        return form(None, error.message), status_of(error)
    dispatch.validate_batch(batch.id)
    return redirect(url_for("batches.show", batch_id=ids.show(ids.BATCH, batch.id)), HTTPStatus.SEE_OTHER)


def form(file_id: str | None, error: str | None = None) -> str:
    file = files.get(db.session(), tenant(), file_id) if file_id else None
    models = registry.list_served(db.session())
    return render_template("ui/new.html", file=file, models=models, endpoints=ENDPOINTS, windows=WINDOWS, error=error)


@blueprint.get("/example.jsonl")
def download_example() -> Response:
    """Three requests to a model that is served, for people who want to see the form of a file first."""
    model = next((model.name for model in registry.list_served(db.session())), "MODEL")
    lines = (example(number, text, model) for number, text in enumerate(EXAMPLES, 1))
    return attachment(lines, "application/jsonl", "example.jsonl")


def example(number: int, text: str, model: str) -> bytes:
    body = {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": text}]}
    request_line = {"custom_id": f"example-{number}", "method": "POST", "url": ENDPOINTS[0], "body": body}
    return orjson.dumps(request_line, option=orjson.OPT_APPEND_NEWLINE)
