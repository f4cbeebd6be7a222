"""The page of a dataset's snapshots."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from curation import datasets, snapshots, table
from schemas import ids
from schemas.actions import Action
from schemas.states import Role
from schemas.tables import Snapshot
from webapi import audit
from webapi.database import db
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


@blueprint.get("/snapshots/<snapshot_id>/chats.jsonl")
def export_chats(snapshot_id: str) -> Response:
    """Its examples as they were, to fine-tune on."""
    _, snapshot = snapshots.get(db.session(), tenant(), snapshot_id)
    audit.note_now(Action.DATA_DOWNLOADED, snapshot_id)
    response = Response(snapshots.chat_lines(partial(Session, db.engine), snapshot.id), mimetype="application/jsonl")
    response.headers.set("Content-Disposition", "attachment", filename=f"{snapshot_id}.jsonl")
    return response
