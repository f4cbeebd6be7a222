"""The pages of exports: choosing and previewing one, those there are, and what can be done to them."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from curation import datasets
from curation.exports import life, options
from curation.exports.options import LONGEST_SYSTEM_PROMPT, Options
from curation.exports.preview import preview
from curation.formats.table import FORMATS, format_named
from curation.ready_made import ready_made
from inference import files
from schemas import ids
from schemas.actions import Action
from schemas.states import ExportStatus, Role
from schemas.tables import Export
from schemas.tables.exports import ExportFormat
from tasks import dispatch
from webapi import audit
from webapi.database import db, sessions
from webapi.downloads import attachment
from webapi.form_values import text
from webapi.ui.guard import any_role, needs, tenant
from webapi.view_address import kept, view_of, whole_view_of

blueprint = Blueprint("exports", __name__)
PAGE: Final = 25


@blueprint.get("/datasets/<dataset_id>/export")
def show_form(dataset_id: str) -> str:
    return form(dataset_id, ExportFormat.CHAT, Options())


@blueprint.post("/datasets/<dataset_id>/export/preview")
@any_role
def show_preview(dataset_id: str) -> str:
    return form(dataset_id, request.form.get("format", ""), read_form(request.form))


@blueprint.post("/datasets/<dataset_id>/export")
@needs(Role.CURATOR)
def create(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    export = life.begin(
        db.session(),
        dataset,
        g.key.id,
        address=kept(request.args),
        view=whole_view_of(dataset, request.args),
        format_name=request.form.get("format", ""),
        options=read_form(request.form),
    )
    audit.note_of_dataset(Action.EXPORT_BEGUN, ids.EXPORT, export, format=export.format)
    db.session.commit()
    dispatch.write_export(export.id)
    return to_list(export)


@blueprint.get("/datasets/<dataset_id>/exports")
def show_all(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    page = life.list_page(db.session(), tenant(), dataset, request.args.get("after"), PAGE)
    return render_template(
        "ui/exports.html",
        dataset=dataset,
        page=page,
        files=life.files_of(db.session(), page.items),
        running=any(export.status == ExportStatus.RUNNING for export in page.items),
        formats=FORMATS,
    )


@blueprint.get("/exports/<export_id>/manifest")
def download_manifest(export_id: str) -> Response:
    export = life.get(db.session(), tenant(), export_id)
    manifest = orjson.dumps(export.manifest, option=orjson.OPT_INDENT_2)
    return attachment(manifest, "application/json", f"{export_id}-manifest.json")


@blueprint.post("/exports/<export_id>/repeat")
@needs(Role.CURATOR)
def repeat(export_id: str) -> Any:
    export = life.repeat(db.session(), tenant(), export_id, g.key.id)
    audit.note_of_dataset(Action.EXPORT_BEGUN, ids.EXPORT, export, format=export.format, version=export.version)
    db.session.commit()
    dispatch.write_export(export.id)
    return to_list(export)


@blueprint.post("/exports/<export_id>/delete")
@needs(Role.CURATOR)
def delete(export_id: str) -> Any:
    export, file = life.delete(db.session(), tenant(), export_id)
    audit.note_of_dataset(Action.EXPORT_DELETED, ids.EXPORT, export, format=export.format)
    db.session.commit()
    if file is not None:
        files.remove_content(db.session(), file)
        db.session.commit()
    flash("The export and its file are deleted.")
    return to_list(export)


def form(dataset_id: str, format_name: str, chosen: Options) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    shown = preview(sessions(), dataset, view_of(dataset, request.args), format_named(format_name), chosen)
    return render_template(
        "ui/export.html",
        dataset=dataset,
        address=kept(request.args),
        ready_made=ready_made().values(),
        formats=FORMATS,
        format_name=format_name,
        options=chosen,
        preview=shown,
        longest_system_prompt=LONGEST_SYSTEM_PROMPT,
    )


def read_form(given: Mapping[str, str]) -> Options:
    prompts = {"keep": None, "without": "", "other": text(given, "system_prompt")}
    return options.read(
        {
            "leave_out_duplicates": "leave_out_duplicates" in given,
            "only_approved": "only_approved" in given,
            "with_judges": "with_judges" in given,
            "system_prompt": prompts.get(given.get("system", "keep")),
        }
    )


def to_list(export: Export) -> Any:
    return redirect(url_for("exports.show_all", dataset_id=ids.show(ids.DATASET, export.dataset_id)))
