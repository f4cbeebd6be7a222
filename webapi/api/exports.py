"""`/v1/exports`: what a view holds as a file, in one of several forms."""

from typing import Any

from flask import Response, jsonify

from curation import datasets
from curation.exports import life, options
from inference import files
from schemas import ids, tables
from schemas.actions import Action
from schemas.errors import Conflict
from schemas.states import ExportStatus, Role
from schemas.wire.exports import Export, ExportCreate, ExportDeleted, ExportList, ExportQuery
from tasks import dispatch
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.api.listing import listed
from webapi.database import db
from webapi.view_address import kept, whole_view_of

blueprint = Blueprint("exports", __name__, "Examples as files, to fine-tune on and for more.", writes=Role.CURATOR)


@blueprint.post("/exports")
@blueprint.arguments(ExportCreate)
@blueprint.response(200, Export)
def create_export(given: dict[str, Any]) -> tables.Export:
    """Write the examples of a view to a file.

    The file is one of `/v1/files` once the status is `done`, and is kept until somebody deletes it.
    """
    dataset = datasets.get(db.session(), tenant(), given["dataset_id"])
    export = life.begin(
        db.session(),
        dataset,
        caller().key_id,
        address=kept(given["view"]),
        view=whole_view_of(dataset, given["view"]),
        format_name=given["format"],
        options=options.read(given["options"]),
    )
    audit.note_of_dataset(Action.EXPORT_BEGUN, ids.EXPORT, export, format=export.format)
    db.session.commit()
    dispatch.write_export(export.id)
    return export


@blueprint.get("/exports")
@blueprint.arguments(ExportQuery, location="query")
@blueprint.response(200, ExportList)
def list_exports(given: dict[str, Any]) -> dict[str, Any]:
    """List exports, newest first."""
    wanted = given["dataset_id"]
    dataset = datasets.get(db.session(), tenant(), wanted) if wanted else None
    page = life.list_page(db.session(), tenant(), dataset, given.get("after"), given["limit"])
    return listed(page.items, page.items, ids.EXPORT, page.has_more)


@blueprint.get("/exports/<export_id>")
@blueprint.response(200, Export)
def get_export(export_id: str) -> tables.Export:
    """Get an export, and how far it is."""
    return life.get(db.session(), tenant(), export_id)


@blueprint.get("/exports/<export_id>/manifest")
@blueprint.response(200, {"type": "object"})
def get_manifest(export_id: str) -> Response:
    """Get what a file is made of: which versions of which examples, counts, tokens, and its SHA-256."""
    return jsonify(manifest_of(life.get(db.session(), tenant(), export_id)))


@blueprint.post("/exports/<export_id>/repeat")
@blueprint.response(200, Export)
def repeat_export(export_id: str) -> tables.Export:
    """Export the same view in the same form again, as the next version.

    Where no example has changed, the file is the same in every byte.
    """
    export = life.repeat(db.session(), tenant(), export_id, caller().key_id)
    audit.note_of_dataset(Action.EXPORT_BEGUN, ids.EXPORT, export, format=export.format, version=export.version)
    db.session.commit()
    dispatch.write_export(export.id)
    return export


@blueprint.delete("/exports/<export_id>")
@blueprint.response(200, ExportDeleted)
def delete_export(export_id: str) -> tables.Export:
    """Delete an export with its file. One that runs is stopped."""
    export, file = life.delete(db.session(), tenant(), export_id)
    audit.note_of_dataset(Action.EXPORT_DELETED, ids.EXPORT, export, format=export.format)
    db.session.commit()
    if file is not None:
        files.remove_content(db.session(), file)
        db.session.commit()
    return export


def manifest_of(export: tables.Export) -> dict[str, Any]:
    if export.manifest is None:
        why = "still running" if export.status == ExportStatus.RUNNING else "broken"
        raise Conflict(f"The export is {why}: it has no manifest.")
    return export.manifest
