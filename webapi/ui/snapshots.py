"""The page of a dataset's snapshots."""

from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from curation import datasets, snapshots, table
from curation.exports.streaming import stream
from curation.formats.table import FORMATS, format_named
from schemas import ids
from schemas.actions import Action
from schemas.states import Role
from schemas.tables import Snapshot
from schemas.tables.exports import ExportFormat
from webapi import audit
from webapi.database import db, sessions
from webapi.downloads import attachment
from webapi.ui.guard import needs, tenant
from webapi.view_address import kept, view_of, whole_view_of

blueprint = Blueprint("snapshots", __name__)


@blueprint.get("/datasets/<dataset_id>/snapshots")
def show_all(dataset_id: str) -> str:
    """Those that there are, and the view that the next one would be of."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return render_template(
        "ui/snapshots.html",
        dataset=dataset,
        address=kept(request.args),
        matching=table.count_all(db.session(), dataset, view_of(dataset, request.args)),
        snapshots=datasets.newest_first(db.session(), dataset, Snapshot),
        formats=FORMATS,
    )


@blueprint.post("/datasets/<dataset_id>/snapshots")
@needs(Role.CURATOR)
def take(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    name, address = request.form.get("name", ""), kept(request.args)
    taken = snapshots.create(db.session(), dataset, g.key.id, name, whole_view_of(dataset, request.args), address)
    audit.note_of_dataset(Action.SNAPSHOT_CREATED, ids.SNAPSHOT, taken, name=taken.name, examples=taken.examples)
    db.session.commit()
    return redirect(url_for("snapshots.show_all", dataset_id=dataset_id))


@blueprint.get("/snapshots/<snapshot_id>/export")
def export(snapshot_id: str) -> Response:
    """Its examples as they were."""
    _, snapshot = snapshots.get(db.session(), tenant(), snapshot_id)
    form = format_named(request.args.get("format", ExportFormat.CHAT))
    audit.note_now(Action.DATA_DOWNLOADED, snapshot_id)
    lines = stream(snapshots.pages(sessions(), snapshot.id), form)
    return attachment(lines, form.media_type, f"{snapshot_id}.{form.suffix}")
