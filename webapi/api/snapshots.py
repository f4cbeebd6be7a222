"""`/v1/datasets/{id}/snapshots` and `/v1/snapshots`: examples as they were at a moment."""

from functools import partial
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from curation import datasets, snapshots
from schemas import ids, tables
from schemas.actions import Action
from schemas.states import Role
from schemas.wire.snapshots import Snapshot, SnapshotCreate, SnapshotList
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db
from webapi.view_address import kept, whole_view_of

blueprint = Blueprint("snapshots", __name__, "Examples as they were at a moment.", writes=Role.CURATOR)


@blueprint.post("/datasets/<dataset_id>/snapshots")
@blueprint.arguments(SnapshotCreate)
@blueprint.response(200, Snapshot)
def take_snapshot(given: dict[str, Any], dataset_id: str) -> tables.Snapshot:
    """Keep the examples of a view as they are now, under a name."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    view = whole_view_of(dataset, given["view"])
    taken = snapshots.create(db.session(), dataset, caller().key_id, given["name"], view, kept(given["view"]))
    audit.note_of_dataset(Action.SNAPSHOT_CREATED, ids.SNAPSHOT, taken, name=taken.name, examples=taken.examples)
    db.session.commit()
    return taken


@blueprint.get("/datasets/<dataset_id>/snapshots")
@blueprint.response(200, SnapshotList)
def list_snapshots(dataset_id: str) -> dict[str, Any]:
    """List the snapshots of a dataset, newest first."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return {"data": datasets.newest_first(db.session(), dataset, tables.Snapshot)}


@blueprint.get("/snapshots/<snapshot_id>")
@blueprint.response(200, Snapshot)
def get_snapshot(snapshot_id: str) -> tables.Snapshot:
    """Get a snapshot. The same digest means the same examples in the same versions."""
    return snapshots.get(db.session(), tenant(), snapshot_id)[1]


@blueprint.get("/snapshots/<snapshot_id>/chats.jsonl")
@blueprint.response(200, {"type": "string"}, content_type="application/jsonl")
def export_snapshot(snapshot_id: str) -> Response:
    """Stream the examples of a snapshot, as they were, as chats to fine-tune on."""
    _, snapshot = snapshots.get(db.session(), tenant(), snapshot_id)
    audit.note_now(Action.DATA_DOWNLOADED, snapshot_id)
    lines = snapshots.chat_lines(partial(Session, db.engine), snapshot.id)
    return Response(lines, mimetype="application/jsonl")
