"""`/v1/task-schemas`: what a task is, in versions, and which dataset is of which."""

from collections.abc import Sequence
from typing import Any, Final

from flask import request

from curation import datasets
from curation.dataset_task import set_task
from curation.task_schemas import checks, registry, saving
from curation.task_schemas.registry import Found
from inference.paging import Page
from schemas import tables
from schemas.actions import Action
from schemas.errors import RequestInvalid
from schemas.states import Role
from schemas.wire.curation import Dataset
from schemas.wire.task_schemas import (
    DatasetTask,
    SaveQuery,
    TaskSchema,
    TaskSchemaCheck,
    TaskSchemaImport,
    TaskSchemaImported,
    TaskSchemaList,
    TaskSchemaQuery,
    VersionQuery,
)
from tasks import dispatch
from webapi import audit
from webapi.api import faults
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("task_schemas", __name__, "What a task is, from its rows to its questions.", writes=Role.CURATOR)
faults.tell_all(blueprint)
# Bodies are read as text: the order of their names is kept, and faults are told by their lines.
DOCUMENT: Final = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
IMPORT: Final = {"required": True, "content": {"application/json": {"schema": TaskSchemaImport}}}


@blueprint.get("/task-schemas")
@blueprint.arguments(TaskSchemaQuery, location="query")
@blueprint.response(200, TaskSchemaList)
def list_task_schemas(given: dict[str, Any]) -> dict[str, Any]:
    """List task schemas by name, the ones that are built in among them."""
    page = registry.list_page(db.session(), tenant(), given.get("after"), given["limit"])
    return shown_page(page, [one.name for one in page.items])


@blueprint.post("/task-schemas")
@blueprint.doc(requestBody=DOCUMENT)
@blueprint.response(200, TaskSchema)
def create_task_schema() -> Found:
    """Create a task schema: the body is its document."""
    made = saving.create(db.session(), tenant(), caller().key_id, body())
    audit.note(Action.TASK_SCHEMA_SAVED, made.reference)
    db.session.commit()
    return made


@blueprint.post("/task-schemas/validate")
@blueprint.doc(requestBody=DOCUMENT)
@blueprint.response(200, TaskSchemaCheck)
def validate_task_schema() -> dict[str, Any]:
    """Check a document and save nothing."""
    found = checks.check(body()).faults
    return {"valid": not found, "faults": found}


@blueprint.post("/task-schemas/import")
@blueprint.doc(requestBody=IMPORT)
@blueprint.response(200, TaskSchemaImported)
def import_task_schemas() -> dict[str, Sequence[Found]]:
    """Save many task schemas at once: all of them, or none where one has a fault."""
    made = saving.import_all(db.session(), tenant(), caller().key_id, body())
    for one in made:
        audit.note(Action.TASK_SCHEMA_SAVED, one.reference)
    db.session.commit()
    return {"data": made}


@blueprint.get("/task-schemas/<name>")
@blueprint.response(200, TaskSchema)
def get_task_schema(name: str) -> Found:
    """Get the newest version of a task schema."""
    return registry.get(db.session(), tenant(), name)


@blueprint.post("/task-schemas/<name>")
@blueprint.arguments(SaveQuery, location="query")
@blueprint.doc(requestBody=DOCUMENT)
@blueprint.response(200, TaskSchema)
def save_task_schema(given: dict[str, Any], name: str) -> Found:
    """Save a new version of a task schema. With `based_on`, only if that is still the newest: else 409.

    What the newest version says already makes no other.
    """
    made = saving.save(db.session(), tenant(), caller().key_id, name, body(), given["based_on"])
    audit.note(Action.TASK_SCHEMA_SAVED, made.reference)
    db.session.commit()
    return made


@blueprint.delete("/task-schemas/<name>")
@blueprint.response(200, TaskSchema)
def archive_task_schema(name: str) -> Found:
    """Archive a task schema: it is in no list any more, and its versions can still be read."""
    archived = saving.archive(db.session(), tenant(), name)
    audit.note(Action.TASK_SCHEMA_ARCHIVED, archived.name)
    db.session.commit()
    return archived


@blueprint.post("/task-schemas/<name>/restore")
@blueprint.response(200, TaskSchema)
def restore_task_schema(name: str) -> Found:
    """Bring an archived task schema back."""
    restored = saving.restore(db.session(), tenant(), name)
    audit.note(Action.TASK_SCHEMA_RESTORED, restored.name)
    db.session.commit()
    return restored


@blueprint.get("/task-schemas/<name>/versions")
@blueprint.arguments(VersionQuery, location="query")
@blueprint.response(200, TaskSchemaList)
def list_task_schema_versions(given: dict[str, Any], name: str) -> dict[str, Any]:
    """List the versions of a task schema, newest first."""
    page = registry.versions(db.session(), tenant(), name, given["after"], given["limit"])
    return shown_page(page, [str(one.version) for one in page.items])


@blueprint.get("/task-schemas/<name>/versions/<int:version>")
@blueprint.response(200, TaskSchema)
def get_task_schema_version(name: str, version: int) -> Found:
    """Get a version of a task schema."""
    return registry.get(db.session(), tenant(), name, version)


@blueprint.post("/datasets/<dataset_id>/task")
@blueprint.arguments(DatasetTask)
@blueprint.response(200, Dataset)
def set_dataset_task(given: dict[str, Any], dataset_id: str) -> tables.Dataset:
    """Say which task the outputs of a dataset are of.

    Its columns come first among those of the dataset. Where there are examples already, they are filled anew.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    set_task(db.session(), dataset, given["task"])
    db.session.commit()
    if dataset.refilled is not None:
        dispatch.fill_columns(dataset.id)
    return dataset


def shown_page(page: Page[Found], cursors: list[str]) -> dict[str, Any]:
    return {
        "data": page.items,
        "first_id": cursors[0] if cursors else None,
        "last_id": cursors[-1] if cursors else None,
        "has_more": page.has_more,
    }


def body() -> str:
    try:
        return request.get_data().decode()
    except UnicodeDecodeError as error:
        raise RequestInvalid(f"The body is not UTF-8 text: byte {error.start + 1}.", code="invalid_json") from error
