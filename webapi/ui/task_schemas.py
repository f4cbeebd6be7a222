"""The pages of task schemas: all of them, one of them, and the editor with what it makes of a row."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from curation.task_schemas import bounds, checks, reading, registry, saving
from curation.task_schemas.previews import Preview, preview_of
from curation.task_schemas.registry import Found
from curation.task_schemas.rows import RowInvalid
from schemas.actions import Action
from schemas.errors import TaskSchemaInvalid, VbsError
from schemas.states import Role
from webapi import audit
from webapi.database import db
from webapi.errors import status_of
from webapi.form_values import text, whole
from webapi.ui.guard import any_role, needs, tenant

blueprint = Blueprint("task_schemas", __name__)
PAGE: Final = 50
VERSIONS_SHOWN: Final = 20
# Where somebody begins who has nothing yet.
TEMPLATE: Final = "classification"
NEW_NAME: Final = "my_task"


@dataclass(frozen=True, slots=True)
class Edited:
    """What is in the editor's form."""

    text: str
    # Of a row to look at; empty for the schema's own sample.
    row: str = ""
    # Of the schema that this becomes a version of; empty for a new one.
    name: str = ""
    based_on: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A preview, or what is wrong."""

    faults: list[dict[str, Any]]
    preview: Preview | None = None
    of_row: bool = False


@blueprint.get("/tasks")
def show_all() -> str:
    page = registry.list_page(db.session(), tenant(), request.args.get("after"), PAGE)
    return render_template("ui/tasks.html", page=page)


@blueprint.get("/tasks/<name>")
def show(name: str) -> str:
    task = registry.get(db.session(), tenant(), name, whole(request.args, "version"))
    return render_template(
        "ui/task.html",
        task=task,
        document=task.document,
        look=look_at(Edited(task.text)),
        versions=registry.versions(db.session(), tenant(), name, None, VERSIONS_SHOWN),
    )


@blueprint.get("/tasks/new")
def show_new() -> str:
    """An editor with a copy of another schema in it, under a name that is free for sure only when it is saved."""
    source = registry.get(db.session(), tenant(), request.args.get("from", TEMPLATE))
    text = source.text.replace(f'"{source.name}"', f'"{NEW_NAME}"', 1)
    return editor(Edited(text))


@blueprint.get("/tasks/<name>/edit")
def show_editor(name: str) -> str:
    task = registry.get(db.session(), tenant(), name)
    return editor(Edited(task.text, name=name, based_on=task.version))


@blueprint.post("/tasks/check")
@any_role
def check() -> str:
    """The editor again, with what it makes of a row; nothing is saved."""
    return editor(read_form())


@blueprint.post("/tasks/save")
@needs(Role.CURATOR)
def save() -> Any:
    edited = read_form()
    try:
        made = saved(edited)
    except VbsError as error:
        db.session.rollback()
        # What was typed stays. What is wrong in the text is told by its lines.
        said = None if isinstance(error, TaskSchemaInvalid) else error.message
        return editor(edited, said), status_of(error)
    audit.note(Action.TASK_SCHEMA_SAVED, made.reference)
    db.session.commit()
    flash(f"Saved as version {made.version}.")
    return to_page(made)


@blueprint.post("/tasks/<name>/archive")
@needs(Role.CURATOR)
def archive(name: str) -> Any:
    archived = saving.archive(db.session(), tenant(), name)
    audit.note(Action.TASK_SCHEMA_ARCHIVED, archived.name)
    db.session.commit()
    return to_page(archived)


@blueprint.post("/tasks/<name>/restore")
@needs(Role.CURATOR)
def restore(name: str) -> Any:
    restored = saving.restore(db.session(), tenant(), name)
    audit.note(Action.TASK_SCHEMA_RESTORED, restored.name)
    db.session.commit()
    flash("It is back in the list.")
    return to_page(restored)


def saved(edited: Edited) -> Found:
    if edited.name:
        return saving.save(db.session(), tenant(), g.key.id, edited.name, edited.text, edited.based_on)
    return saving.create(db.session(), tenant(), g.key.id, edited.text)


def editor(edited: Edited, error: str | None = None) -> str:
    return render_template("ui/task_edit.html", edited=edited, look=look_at(edited), error=error)


def read_form() -> Edited:
    form = request.form
    return Edited(
        text=text(form, "document"),
        row=text(form, "row").strip(),
        name=form.get("name", ""),
        based_on=whole(form, "based_on"),
    )


def look_at(edited: Edited) -> Look:
    checked = checks.check(edited.text)
    if checked.faults:
        return Look(checked.faults)
    row = reading.read(edited.row) if edited.row else None
    if row and (wrong := [*row.faults] or bounds.faults_of(row.value)):
        return Look([fault_of_row(None, wrong[0].message)], of_row=True)
    if row and not isinstance(row.value, dict):
        return Look([fault_of_row(None, "Is JSON, but not an object.")], of_row=True)
    try:
        return Look([], preview_of(checked.document, row.value if row else None))
    except RowInvalid as error:
        return Look([fault_of_row(error.column, error.message)], of_row=True)


def fault_of_row(column: str | None, message: str) -> dict[str, Any]:
    return {"path": f"$.{column}" if column else "$", "line": None, "message": message}


def to_page(task: Found) -> Any:
    return redirect(url_for("task_schemas.show", name=task.name), HTTPStatus.SEE_OTHER)
