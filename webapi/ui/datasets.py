"""The pages of datasets: all of them, the table of one, and what is done to all that a view of it holds."""

from functools import partial
from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from curation import changes, columns, datasets, facets, imports, naming, searching, table, views, wanted
from curation.exports.streaming import stream
from curation.formats.table import format_named
from inference import batches
from schemas import ids
from schemas.actions import Action
from schemas.states import ExampleStatus, Role, Side, SplitStatus
from schemas.tables import Batch, Dataset, Split
from schemas.tables.exports import ExportFormat
from tasks import dispatch
from webapi import audit
from webapi.database import db
from webapi.ui.guard import needs, tenant
from webapi.ui.review import after_change, read_form
from webapi.view_address import kept, read_sort, toggled, view_of, whole_view_of

blueprint = Blueprint("datasets", __name__)
PAGE: Final = 25
ROWS: Final = 50
CHANGES_SHOWN: Final = 10


@blueprint.get("/datasets")
def show_all() -> str:
    page = datasets.list_page(db.session(), tenant(), request.args.get("after"), PAGE)
    return render_template("ui/datasets.html", page=page)


@blueprint.post("/batches/<batch_id>/review")
@needs(Role.CURATOR)
def review_batch(batch_id: str) -> Any:
    """A new dataset of a batch's answers."""
    batch = batches.get(db.session(), tenant(), batch_id)
    dataset = datasets.create(db.session(), tenant(), name_of(batch))
    begun = imports.begin(db.session(), dataset, batch)
    db.session.commit()
    dispatch.import_answers(begun.id)
    return to_table(dataset)


@blueprint.get("/datasets/<dataset_id>")
def show(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    view, sort = view_of(dataset, request.args), read_sort(request.args)
    seen = searching.narrowed(db.session(), dataset, view)
    arrived = imports.of_dataset(db.session(), dataset)
    return render_template(
        "ui/dataset.html",
        dataset=dataset,
        view=view,
        sort=sort,
        address=kept(request.args),
        imports=[one for one in arrived if one.ended_at is None],
        bad_lines=sum(one.bad_lines for one in arrived),
        page=table.page(db.session(), dataset, seen, sort, request.args.get("after"), ROWS),
        matching=table.count(db.session(), dataset, seen),
        columns=columns.filled(dataset),
        changes=changes.latest(db.session(), dataset, CHANGES_SHOWN),
        statuses=list(ExampleStatus),
        splits=[one for one in datasets.newest_first(db.session(), dataset, Split) if one.status == SplitStatus.DONE],
        sides=list(Side),
        sorts=list(table.Sort),
    )


@blueprint.get("/datasets/<dataset_id>/facets")
def show_facets(dataset_id: str) -> str:
    """What the view holds, summed up. It takes longer than the page, and comes after it."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return render_template(
        "ui/facets.html",
        facets=facets.summed_up(db.session(), dataset, view_of(dataset, request.args)),
        address=kept(request.args),
        toggled=toggled,
        dataset=dataset,
    )


@blueprint.get("/datasets/<dataset_id>/count")
def show_count(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    found = table.count(db.session(), dataset, view_of(dataset, request.args), most=None)
    return render_template("ui/count.html", matching=found)


@blueprint.post("/datasets/<dataset_id>/change")
@needs(Role.CURATOR)
def change_all(dataset_id: str) -> Any:
    """Change every example of the view that the address names."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    matching = views.matching(dataset, whole_view_of(dataset, request.args))
    done = changes.change(db.session(), dataset, g.key.id, wanted.read(read_form(request.form)), matching)
    audit.note_change(done)
    db.session.commit()
    return after_change(done, url_for("datasets.show", dataset_id=dataset_id, **kept(request.args)))


@blueprint.post("/datasets/<dataset_id>/delete")
@needs(Role.CURATOR)
def delete(dataset_id: str) -> Any:
    datasets.delete(db.session(), tenant(), dataset_id)
    audit.note(Action.DATASET_DELETED, dataset_id)
    db.session.commit()
    return redirect(url_for("datasets.show_all"))


@blueprint.get("/datasets/<dataset_id>/chats.jsonl")
def export_chats(dataset_id: str) -> Response:
    """All that the view holds, to fine-tune on."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    audit.note_now(Action.DATA_DOWNLOADED, dataset_id)
    chats = format_named(ExportFormat.CHAT)
    lines = stream(partial(Session, db.engine), [dataset.id], whole_view_of(dataset, request.args), chats)
    response = Response(lines, mimetype="application/jsonl")
    response.headers.set("Content-Disposition", "attachment", filename=f"{dataset_id}.jsonl")
    return response


def name_of(batch: Batch) -> str:
    """The name that somebody gave it, or one that says when it was made."""
    given = (batch.details or {}).get("description", "")
    return naming.shortened(given) or f"Batch of {batch.created_at:%Y-%m-%d %H:%M}"


def to_table(dataset: Dataset) -> Any:
    return redirect(url_for("datasets.show", dataset_id=ids.show(ids.DATASET, dataset.id)))
