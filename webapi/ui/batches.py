"""The pages of batches: all of them, one of them, and what can be done to one."""

from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from curation.imports import refusal
from inference import batches, preview, quotas, results, retry, serving
from inference.progress import Progress
from schemas import ids
from schemas.actions import Action
from schemas.states import TERMINAL, BatchStatus
from schemas.tables import Batch
from tasks import dispatch
from webapi import audit
from webapi.database import db, sessions
from webapi.downloads import attachment
from webapi.ui.guard import tenant
from webapi.ui.pace import average

blueprint = Blueprint("batches", __name__)
PAGE: Final = 25
PREVIEWED: Final = 10
ERRORS_SHOWN: Final = 100


@blueprint.get("/batches")
def show_all() -> str:
    page = batches.list_page(db.session(), tenant(), request.args.get("after"), PAGE)
    progress = batches.progress(db.session(), page.items)
    return render_template("ui/batches.html", page=page, progress=progress)


@blueprint.get("/batches/<batch_id>")
def show(batch_id: str) -> str:
    batch, progress, pace = batches.get_with_progress(db.session(), tenant(), batch_id)
    return render_template(
        "ui/batch.html",
        batch=batch,
        progress=progress,
        pace=pace or average(batch, progress),
        answers=preview.first_results(db.session(), batch, PREVIEWED),
        servings=serving.of_batch(db.session(), batch),
        errors=(batch.errors or [])[:ERRORS_SHOWN],
        **allowed(batch, progress),
    )


def allowed(batch: Batch, progress: Progress) -> dict[str, bool]:
    ended = batch.status in TERMINAL
    return {
        "ended": ended,
        "can_cancel": not ended and batch.status != BatchStatus.CANCELLING,
        "can_retry": ended and batch.requests_purged_at is None and progress.completed < progress.total,
        "can_review": refusal(batch) is None and progress.completed > 0,
        "has_results": batch.results_purged_at is None and progress.completed + progress.failed > 0,
    }


@blueprint.post("/batches/<batch_id>/cancel")
def cancel(batch_id: str) -> Any:
    batch = batches.cancel(db.session(), tenant(), batch_id)
    db.session.commit()
    dispatch.finalise_batch(batch.id)
    return to_page(batch)


@blueprint.post("/batches/<batch_id>/retry")
def retry_failed(batch_id: str) -> Any:
    batch = retry.retry(db.session(), tenant(), batch_id, g.key.id, quotas.limits_of(g.key))
    db.session.commit()
    dispatch.validate_batch(batch.id)
    return to_page(batch)


@blueprint.get("/batches/<batch_id>/results.jsonl")
def download_results(batch_id: str) -> Response:
    """Every line that is finished by now, failed ones too."""
    batch = batches.get(db.session(), tenant(), batch_id)
    audit.note_now(Action.DATA_DOWNLOADED, batch_id)
    stream = results.stream(db.session(), batch, 0, sessions())
    return attachment(stream.blocks, "application/jsonl", f"{batch_id}.jsonl")


def to_page(batch: Batch) -> Any:
    return redirect(url_for("batches.show", batch_id=ids.show(ids.BATCH, batch.id)))
