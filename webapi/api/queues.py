"""`/v1/queues`: answers for several people and agents to review, each by one of them at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from curation import datasets, holding, queue_agreement, queue_making, queues, reviewing, wanted
from curation.verdicts import Verdict
from schemas import ids, tables
from schemas.actions import Action
from schemas.errors import KeyNotFound, RequestInvalid
from schemas.states import QueueStatus, Role
from schemas.wire.curation import Wanted
from schemas.wire.queues import (
    Agreement,
    Decision,
    DisputeList,
    DisputeQuery,
    Next,
    NextItem,
    Queue,
    QueueCreate,
    QueueDeleted,
    QueueItem,
    QueueList,
    QueueQuery,
)
from tasks import dispatch
from webapi import audit
from webapi.api import examples
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.api.listing import listed
from webapi.database import db
from webapi.form_values import one_of
from webapi.view_address import kept, whole_view_of

blueprint = Blueprint("queues", __name__, "Answers for several to review, one at a time.", writes=Role.CURATOR)


@dataclass(frozen=True, slots=True)
class Shown:
    queue: tables.Queue
    people: Sequence[str]
    reviewers: Sequence[queues.Progress]


@dataclass(frozen=True, slots=True)
class ShownItem:
    item: tables.QueueItem
    example: examples.Shown
    review: Verdict
    submitted: bool


@blueprint.post("/queues")
@blueprint.arguments(QueueCreate)
@blueprint.response(200, Queue)
def create_queue(given: dict[str, Any]) -> Shown:
    """Freeze the examples of a view in an order, for people to review.

    One of more than 2,000 is made by a worker: its `status` is `making` until it is `open`, and it hands out nothing.
    """
    dataset = datasets.get(db.session(), tenant(), given.pop("dataset_id"))
    address = given.pop("view")
    new = queues.NewQueue(
        **given
        | {
            "view": whole_view_of(dataset, address),
            "address": kept(address),
            "sort": one_of(queues.QueueSort, given, "sort"),
        }
    )
    queue = queue_making.create(db.session(), dataset, caller().key_id, new)
    audit.note_of_dataset(Action.QUEUE_CREATED, ids.QUEUE, queue, name=queue.name)
    db.session.commit()
    if queue.status == QueueStatus.MAKING:
        dispatch.make_queue(queue.id)
    return shown([queue])[0]


@blueprint.get("/queues")
@blueprint.arguments(QueueQuery, location="query")
@blueprint.response(200, QueueList)
def list_queues(given: dict[str, Any]) -> dict[str, Any]:
    """List queues, newest first."""
    page = queues.list_page(db.session(), tenant(), given.get("after"), given["limit"])
    return listed(shown(page.items), page.items, ids.QUEUE, page.has_more)


@blueprint.get("/queues/<queue_id>")
@blueprint.response(200, Queue)
def get_queue(queue_id: str) -> Shown:
    """Get a queue: how far it is, and how far each of its reviewers."""
    return shown([wanted_queue(queue_id)])[0]


@blueprint.delete("/queues/<queue_id>")
@blueprint.response(200, QueueDeleted)
def delete_queue(queue_id: str) -> tables.Queue:
    """Delete a queue. What was decided stays with the examples."""
    queue = queues.delete(db.session(), tenant(), queue_id)
    audit.note_of_dataset(Action.QUEUE_DELETED, ids.QUEUE, queue, name=queue.name)
    db.session.commit()
    return queue


@blueprint.post("/queues/<queue_id>/next")
@blueprint.arguments(Next)
@blueprint.response(200, NextItem)
def get_next_item(given: dict[str, Any], queue_id: str) -> dict[str, Any]:
    """Get an answer that nobody else has, for ten minutes since you were last heard of.

    What you hold already comes first, so that this can be repeated. With `beside`, you get another one.
    """
    queue = wanted_queue(queue_id)
    item = holding.next_item(db.session(), queue, caller().key_id, given["beside"])
    db.session.commit()
    return {"item": item and shown_item(item), "counts": queue}


@blueprint.post("/queues/<queue_id>/items/<int:place>/review")
@blueprint.arguments(Wanted)
@blueprint.response(200, QueueItem)
def submit_review(given: dict[str, Any], queue_id: str, place: int) -> ShownItem:
    """Hand in your review of an answer: what a change has, with a `status` that approves or rejects.

    Once all agree, it changes the example. Handed in again, it stands for the one before.
    """
    queue = wanted_queue(queue_id)
    reviewing.save(db.session(), queue, caller().key_id, place, wanted.read(given), submits=True)
    db.session.commit()
    return shown_item(reviewing.get(db.session(), queue, place))


@blueprint.post("/queues/<queue_id>/items/<int:place>/withdraw")
@blueprint.response(200, QueueItem)
def withdraw_review(queue_id: str, place: int) -> ShownItem:
    """Take back your review, and with it what it did to the example."""
    queue = wanted_queue(queue_id)
    reviewing.withdraw(db.session(), queue, caller().key_id, place)
    db.session.commit()
    return shown_item(reviewing.get(db.session(), queue, place))


@blueprint.post("/queues/<queue_id>/items/<int:place>/skip")
@blueprint.response(200, QueueItem)
def skip_item(queue_id: str, place: int) -> ShownItem:
    """Leave an answer to others. It comes to you again when nothing else is left."""
    return released(queue_id, place, comes_again=False)


@blueprint.post("/queues/<queue_id>/items/<int:place>/release")
@blueprint.response(200, QueueItem)
def release_item(queue_id: str, place: int) -> ShownItem:
    """Give an answer back for now. It is the next that you get, unless somebody else takes it."""
    return released(queue_id, place, comes_again=True)


@blueprint.get("/queues/<queue_id>/disputes")
@blueprint.arguments(DisputeQuery, location="query")
@blueprint.response(200, DisputeList)
def list_disputes(given: dict[str, Any], queue_id: str) -> dict[str, Any]:
    """List answers whose reviews differ, with all reviews: up to `limit` of them, fewer where their texts are long.

    Go on with `after` set to the last `place`, until nothing comes.
    """
    found = reviewing.disputes(db.session(), wanted_queue(queue_id), given["after"], given["limit"])
    fitting = examples.first_that_fit([dispute.example for dispute in found])
    return {"data": [dispute_shown(*pair) for pair in zip(found, examples.shown_examples(fitting), strict=False)]}


@blueprint.post("/queues/<queue_id>/items/<int:place>/decision")
@blueprint.arguments(Decision)
@blueprint.response(200, QueueItem)
def decide_dispute(given: dict[str, Any], queue_id: str, place: int) -> ShownItem:
    """Choose between reviews that differ: `review_of` a key, or a `change` of your own."""
    queue = wanted_queue(queue_id)
    item = reviewing.get(db.session(), queue, place)
    reviewing.decide(db.session(), queue, caller().key_id, place, verdict_of(given, item))
    db.session.commit()
    return shown_item(item)


@blueprint.get("/queues/<queue_id>/agreement")
@blueprint.response(200, Agreement)
def get_agreement(queue_id: str) -> queue_agreement.Agreement:
    """Get how far the reviewers agree, and what that means."""
    found = queue_agreement.of_queue(db.session(), wanted_queue(queue_id))
    db.session.commit()
    return found


def wanted_queue(queue_id: str) -> tables.Queue:
    return queues.get(db.session(), tenant(), queue_id)


def released(queue_id: str, place: int, *, comes_again: bool) -> ShownItem:
    queue = wanted_queue(queue_id)
    item = reviewing.get(db.session(), queue, place)
    holding.release(db.session(), queue, caller().key_id, [place], comes_again=comes_again)
    db.session.commit()
    db.session.refresh(item)
    return shown_item(item)


def verdict_of(given: dict[str, Any], item: tables.QueueItem) -> Verdict:
    if ("review_of" in given) == ("change" in given):
        raise RequestInvalid("Give either `review_of` or `change`.", param="review_of")
    if "change" in given:
        return wanted.read(given["change"]).shown
    return reviewing.handed_in_by(db.session(), item, ids.parse(ids.KEY, given["review_of"], KeyNotFound)).given


def shown(found: Sequence[tables.Queue]) -> list[Shown]:
    progress = queues.progress(db.session(), [queue.id for queue in found])
    names = queues.names(db.session(), [key_id for queue in found for key_id in queue.assigned])
    return [
        Shown(
            queue,
            [names[key_id] for key_id in queue.assigned],
            [one for one in progress if one.queue_id == queue.id],
        )
        for queue in found
    ]


def shown_item(item: tables.QueueItem) -> ShownItem:
    example = db.session.get_one(tables.Example, item.example_id, populate_existing=True)
    mine = reviewing.review_by(db.session(), item, caller().key_id)
    return ShownItem(
        item,
        examples.shown_examples([example])[0],
        mine.given if mine else {},
        mine is not None and mine.submitted_at is not None,
    )


def dispute_shown(dispute: reviewing.Dispute, example: examples.Shown) -> dict[str, Any]:
    reviews = [
        {"key": name, "key_id": review.key_id, "change": review.given, "submitted_at": review.submitted_at}
        for review, name in dispute.reviews
    ]
    return {"place": dispute.item.place, "example": example, "reviews": reviews}
