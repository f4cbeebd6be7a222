"""Reviewing one answer of a view at a time.

The page itself is empty. Its script asks for one answer after the other as pieces of a page, and sends what is decided.
"""

from typing import Any

from flask import Blueprint, g, render_template, request, url_for

from curation import changes, datasets, examples, searching, table
from schemas import ids
from schemas.states import Role
from schemas.tables import Example
from webapi.database import db
from webapi.form_values import whole
from webapi.ui.desk_pieces import end_piece, piece, read_change, values_of
from webapi.ui.guard import needs, tenant
from webapi.view_address import kept, read_sort, view_of

blueprint = Blueprint("desk", __name__)


@blueprint.get("/datasets/<dataset_id>/review")
def show_view(dataset_id: str) -> str:
    """All that the view holds, one after the other."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    address = kept(request.args)
    return render_template(
        "ui/desk.html",
        title=dataset.name,
        back=url_for("datasets.show", dataset_id=dataset_id, **address),
        next=url_for("desk.next_of_view", dataset_id=dataset_id, **address),
        after=request.args.get("after", ""),
        total=table.count_all(db.session(), dataset, view_of(dataset, request.args)),
        queue=None,
    )


@blueprint.get("/datasets/<dataset_id>/review/next")
def next_of_view(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    view = searching.narrowed(db.session(), dataset, view_of(dataset, request.args))
    page = table.page(db.session(), dataset, view, read_sort(request.args), request.args.get("after") or None, 1)
    return example_piece(page.rows[0].example, page.rows[0].cursor) if page.rows else end_piece(None)


@blueprint.get("/examples/<example_id>/review")
def show_example(example_id: str) -> str:
    """As it is by now, for whoever has an older version before them."""
    _, example = examples.get(db.session(), tenant(), example_id)
    return example_piece(example, "")


@blueprint.post("/examples/<example_id>/review")
@needs(Role.CURATOR)
def save_example(example_id: str) -> dict[str, Any]:
    dataset, example = examples.get(db.session(), tenant(), example_id)
    version = whole(request.form, "version")
    changes.change_one(db.session(), dataset, g.key.id, read_change(), example, version)
    db.session.commit()
    db.session.refresh(example)
    return {"version": example.version}


def example_piece(example: Example, cursor: str) -> str:
    public_id = ids.show(ids.EXAMPLE, example.id)
    here = url_for("desk.save_example", example_id=public_id)
    return piece(example, values_of(example), here=here, cursor=cursor, version=example.version)
