"""`/v1/datasets`: answers of batches, taken in for review."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request

from curation import changes, datasets, facets, imports, searching, table, views, wanted
from curation.dataset_task import set_task
from curation.exports import reading
from curation.exports.streaming import stream
from curation.formats.table import format_named
from inference import batches
from schemas import ids, tables
from schemas.actions import Action
from schemas.states import Role
from schemas.tables.exports import ExportFormat
from schemas.wire.curation import (
    BulkChange,
    ChangeSet,
    Dataset,
    DatasetCreate,
    DatasetDeleted,
    DatasetList,
    DatasetQuery,
    ExampleList,
    ExampleQuery,
    FacetList,
    Import,
    ImportCreate,
    ImportList,
    ViewQuery,
)
from tasks import dispatch
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.api.examples import change_shown, first_that_fit, shown_examples
from webapi.api.listing import listed
from webapi.database import db, sessions
from webapi.view_address import read_sort, view_of, whole_view_of

blueprint = Blueprint("datasets", __name__, "Answers to review, kept until somebody deletes them.", writes=Role.CURATOR)


@blueprint.post("/datasets")
@blueprint.arguments(DatasetCreate)
@blueprint.response(200, Dataset)
def create_dataset(given: dict[str, Any]) -> tables.Dataset:
    """Create an empty dataset."""
    dataset = datasets.create(db.session(), tenant(), given["name"])
    set_task(db.session(), dataset, given["task"])
    db.session.commit()
    return dataset


@blueprint.get("/datasets")
@blueprint.arguments(DatasetQuery, location="query")
@blueprint.response(200, DatasetList)
def list_datasets(given: dict[str, Any]) -> dict[str, Any]:
    """List datasets, newest first."""
    page = datasets.list_page(db.session(), tenant(), given.get("after"), given["limit"])
    return listed(page.items, page.items, ids.DATASET, page.has_more)


@blueprint.get("/datasets/<dataset_id>")
@blueprint.response(200, Dataset)
def get_dataset(dataset_id: str) -> tables.Dataset:
    """Get a dataset with its counts."""
    return datasets.get(db.session(), tenant(), dataset_id)


@blueprint.delete("/datasets/<dataset_id>")
@blueprint.response(200, DatasetDeleted)
def delete_dataset(dataset_id: str) -> tables.Dataset:
    """Delete a dataset with all its examples."""
    dataset = datasets.delete(db.session(), tenant(), dataset_id)
    audit.note(Action.DATASET_DELETED, dataset_id)
    db.session.commit()
    return dataset


@blueprint.post("/datasets/<dataset_id>/imports")
@blueprint.arguments(ImportCreate)
@blueprint.response(200, Import)
def import_batch(given: dict[str, Any], dataset_id: str) -> tables.Import:
    """Take the answers of a batch that has ended into a dataset.

    The same batch is taken once, however often this is called.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    begun = imports.begin(db.session(), dataset, batches.get(db.session(), tenant(), given["batch_id"]))
    db.session.commit()
    dispatch.import_answers(begun.id)
    return begun


@blueprint.get("/datasets/<dataset_id>/imports")
@blueprint.response(200, ImportList)
def list_imports(dataset_id: str) -> dict[str, Sequence[tables.Import]]:
    """List the batches and files that a dataset takes in or has taken in, and how far each of them is."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return {"data": imports.of_dataset(db.session(), dataset, with_errors=True)}


@blueprint.get("/datasets/<dataset_id>/examples")
@blueprint.arguments(ExampleQuery, location="query")
@blueprint.response(200, ExampleList)
def list_examples(given: dict[str, Any], dataset_id: str) -> dict[str, Any]:
    """List the examples of a view of a dataset: up to `limit` of them, fewer where their texts are long.

    Go on with `after` set to `next_after`.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    page = table.page(
        db.session(),
        dataset,
        searching.narrowed(db.session(), dataset, view_of(dataset, request.args)),
        read_sort(request.args),
        given.get("after"),
        given["limit"],
    )
    rows = first_that_fit([row.example for row in page.rows])
    has_more = page.has_more or len(rows) < len(page.rows)
    following = page.rows[len(rows) - 1].cursor if has_more else None
    return listed(shown_examples(rows), rows, ids.EXAMPLE, has_more) | {"next_after": following}


@blueprint.get("/datasets/<dataset_id>/facets")
@blueprint.arguments(ViewQuery, location="query")
@blueprint.response(200, FacetList)
def sum_up(_: dict[str, Any], dataset_id: str) -> dict[str, Any]:
    """Sum up a view: how many examples it holds, how often each value of a column occurs, how numbers are spread."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    view = view_of(dataset, request.args)
    found = table.count(db.session(), dataset, view, most=None)
    return {"examples": found.number, "data": facets.summed_up(db.session(), dataset, view)}


@blueprint.post("/datasets/<dataset_id>/changes")
@blueprint.arguments(BulkChange)
@blueprint.response(200, ChangeSet)
def change_examples(given: dict[str, Any], dataset_id: str) -> dict[str, Any] | tables.ChangeSet:
    """Change all examples of a view in one go, which one undo takes back."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    matching = views.matching(dataset, whole_view_of(dataset, given["view"]))
    done = changes.change(db.session(), dataset, caller().key_id, wanted.read(given["change"]), matching)
    audit.note_change(done)
    db.session.commit()
    return change_shown(done, dataset)


@blueprint.get("/datasets/<dataset_id>/chats.jsonl")
@blueprint.arguments(ViewQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="application/jsonl")
def export_chats(_: dict[str, Any], dataset_id: str) -> Response:
    """Stream the examples of a view as chats to fine-tune on, in OpenAI's form."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    audit.note_now(Action.DATA_DOWNLOADED, dataset_id)
    chats = format_named(ExportFormat.CHAT)
    pages = reading.pages(sessions(), dataset.id, whole_view_of(dataset, request.args))
    return Response(stream(pages, chats), mimetype="application/jsonl")
