"""Reviewing one answer at a time of a queue that several people share."""

from typing import Any, Final

from flask import Blueprint, g, render_template, request, url_for

from curation import holding, queues, reviewing
from curation.verdicts import seen_with
from schemas import ids
from schemas.states import ExampleStatus, Role
from schemas.tables import Example, Queue, QueueItem, QueueReviewer
from webapi.database import db
from webapi.form_values import wholes
from webapi.ui.desk_pieces import end_piece, piece, read_change, values_of
from webapi.ui.guard import needs, tenant

blueprint = Blueprint("queue_desk", __name__)
MOST_PLACES: Final = 200


@blueprint.get("/queues/<queue_id>/review")
def show_queue(queue_id: str) -> str:
    queue = wanted_queue(queue_id)
    queues.admit(queue, g.key.id)
    return render_template(
        "ui/desk.html",
        title=queue.name,
        back=url_for("queues.show", queue_id=queue_id),
        next=url_for("queue_desk.next_of_queue", queue_id=queue_id),
        after="",
        total=queue.items,
        queue=queue,
    )


@blueprint.post("/queues/<queue_id>/next")
@needs(Role.CURATOR)
def next_of_queue(queue_id: str) -> str:
    queue = wanted_queue(queue_id)
    item = holding.next_item(db.session(), queue, g.key.id, wholes(request.form, "beside", MOST_PLACES))
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
    places = wholes(request.form, "places", MOST_PLACES)
    holding.release(db.session(), wanted_queue(queue_id), g.key.id, places, comes_again=comes_again)
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
        here=url_for("queue_desk.save_item", **place),
        withdraw=url_for("queue_desk.withdraw_item", **place),
        place=item.place,
        queue=queue,
        mine=reviews_by_me(queue),
    )


def reviews_by_me(queue: Queue) -> int:
    me = db.session.get(QueueReviewer, (queue.id, g.key.id))
    return me.reviews if me else 0
