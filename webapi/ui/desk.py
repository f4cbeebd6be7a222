"""Reviewing one answer at a time: of a view of a dataset, or of a queue that several people share.

The page itself is empty. Its script asks for one answer after the other as pieces of a page, and sends what is decided.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, g, render_template, request, url_for

from curation import changes, datasets, holding, queues, reviewing, searching, table, views, wanted
from curation.dataset_task import rendered
from curation.verdicts import seen_with
from curation.wanted import CHANGEABLE, Wanted
from schemas import ids
from schemas.errors import RequestInvalid
from schemas.states import ExampleStatus, Role
from schemas.tables import Dataset, Example, Queue, QueueItem, QueueReviewer
from webapi.database import db
from webapi.ui.guard import needs, tenant
from webapi.ui.review import messages_shown
from webapi.view_address import kept, read_sort, view_of

blueprint = Blueprint("desk", __name__)
MOST_PLACES: Final = 200


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
    _, example = views.get(db.session(), tenant(), example_id)
    return example_piece(example, "")


@blueprint.post("/examples/<example_id>/review")
@needs(Role.CURATOR)
def save_example(example_id: str) -> dict[str, Any]:
    dataset, example = views.get(db.session(), tenant(), example_id)
    version = request.form.get("version", type=int)
    changes.change_one(db.session(), dataset, g.key.id, read_change(), example, version)
    db.session.commit()
    db.session.refresh(example)
    return {"version": example.version}


@blueprint.get("/queues/<queue_id>/review")
def show_queue(queue_id: str) -> str:
    queue = wanted_queue(queue_id)
    queues.admit(queue, g.key.id)
    return render_template(
        "ui/desk.html",
        title=queue.name,
        back=url_for("queues.show", queue_id=queue_id),
        next=url_for("desk.next_of_queue", queue_id=queue_id),
        after="",
        total=queue.items,
        queue=queue,
    )


@blueprint.post("/queues/<queue_id>/next")
@needs(Role.CURATOR)
def next_of_queue(queue_id: str) -> str:
    queue = wanted_queue(queue_id)
    item = holding.next_item(db.session(), queue, g.key.id, read_places("beside"))
    db.session.commit()
    return queue_piece(queue, item) if item else end_piece(queue)


@blueprint.get("/queues/<queue_id>/items/<int:place>")
def show_item(queue_id: str, place: int) -> str:
    queue = wanted_queue(queue_id)
    queues.admit(queue, g.key.id)
    return queue_piece(queue, reviewing.get(db.session(), queue, place))


@blueprint.post("/queues/<queue_id>/items/<int:place>")
@needs(Role.CURATOR)
def save_item(queue_id: str, place: int) -> dict[str, Any]:
    """Keep a draft, or hand it in."""
    submits = "submits" in request.form
    reviewing.save(db.session(), wanted_queue(queue_id), g.key.id, place, read_change(), submits=submits)
    db.session.commit()
    return {}


@blueprint.post("/queues/<queue_id>/items/<int:place>/withdraw")
@needs(Role.CURATOR)
def withdraw_item(queue_id: str, place: int) -> dict[str, Any]:
    reviewing.withdraw(db.session(), wanted_queue(queue_id), g.key.id, place)
    db.session.commit()
    return {}


@blueprint.post("/queues/<queue_id>/release")
@needs(Role.CURATOR)
def release_items(queue_id: str) -> dict[str, Any]:
    """What somebody skips, or leaves behind when they close the page."""
    comes_again = "comes_again" in request.form
    holding.release(db.session(), wanted_queue(queue_id), g.key.id, read_places("places"), comes_again=comes_again)
    db.session.commit()
    return {}


@blueprint.post("/queues/<queue_id>/stay")
@needs(Role.CURATOR)
def stay(queue_id: str) -> dict[str, Any]:
    """Whoever still reads or writes keeps what they have before them."""
    holding.check_in(db.session(), wanted_queue(queue_id), g.key.id)
    db.session.commit()
    return {}


def wanted_queue(queue_id: str) -> Queue:
    return queues.get(db.session(), tenant(), queue_id)


def example_piece(example: Example, cursor: str) -> str:
    public_id = ids.show(ids.EXAMPLE, example.id)
    here = url_for("desk.save_example", example_id=public_id)
    return piece(example, values_of(example), here=here, cursor=cursor, version=example.version)


def queue_piece(queue: Queue, item: QueueItem) -> str:
    """With the reviewer's own draft. What others have decided stays unseen."""
    example = db.session.get_one(Example, item.example_id)
    mine = reviewing.review_by(db.session(), item, g.key.id)
    given = mine.given if mine else {}
    values = seen_with(values_of(example), given) | {"status": given.get("status", ExampleStatus.NEEDS_REVIEW)}
    place: dict[str, Any] = {"queue_id": ids.show(ids.QUEUE, queue.id), "place": item.place}
    return piece(
        example,
        values,
        here=url_for("desk.save_item", **place),
        withdraw=url_for("desk.withdraw_item", **place),
        place=item.place,
        queue=queue,
        mine=reviews_by_me(queue),
    )


def piece(example: Example, values: Mapping[str, Any], **more: Any) -> str:
    output, item = views.texts(db.session(), [example.id])[example.id]
    shown = {
        "asked": messages_shown(item),
        "rendered": rendered(db.session(), db.session.get_one(Dataset, example.dataset_id), output.output),
    }
    return render_template("ui/desk_item.html", example=example, output=output, values=values, **shown, **more)


def end_piece(queue: Queue | None) -> str:
    return render_template("ui/desk_end.html", queue=queue)


def values_of(example: Example) -> dict[str, Any]:
    return {name: getattr(example, name) for name in CHANGEABLE}


def reviews_by_me(queue: Queue) -> int:
    me = db.session.get(QueueReviewer, (queue.id, g.key.id))
    return me.reviews if me else 0


def read_change() -> Wanted:
    """What is to be changed, as the API takes it: a form's own fields can't tell nothing from an empty text."""
    try:
        given = orjson.loads(request.form.get("change", ""))
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise RequestInvalid("A change is a JSON object.", param="change")
    return wanted.read(given)


def read_places(name: str) -> list[int]:
    given = [place for place in request.form.get(name, "").split(",") if place]
    if len(given) > MOST_PLACES or not all(place.isascii() and place.isdigit() and len(place) < 10 for place in given):
        raise RequestInvalid(f"`{name}` is a list of at most {MOST_PLACES} places.", param=name)
    return [int(place) for place in given]
