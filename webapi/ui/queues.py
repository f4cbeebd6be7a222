"""The pages of queues: all of them, a new one, how far one is, and the answers whose reviews differ."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from curation import datasets, queue_agreement, queue_making, queues, reviewing, table, views, wanted
from curation.agreement import FEWEST
from curation.verdicts import Verdict
from schemas import ids
from schemas.actions import Action
from schemas.errors import KeyNotFound, RequestInvalid
from schemas.states import QueueStatus, Role
from schemas.tables import Dataset, QueueItem
from tasks import dispatch
from webapi import audit
from webapi.database import db
from webapi.ui.guard import needs, tenant
from webapi.ui.review import ACTIONS, messages_shown
from webapi.view_address import kept, view_of, whole_view_of

blueprint = Blueprint("queues", __name__)
PAGE: Final = 25


@blueprint.get("/queues")
def show_all() -> str:
    page = queues.list_page(db.session(), tenant(), request.args.get("after"), PAGE)
    making = any(queue.status == QueueStatus.MAKING for queue in page.items)
    return render_template("ui/queues.html", page=page, making=making)


@blueprint.get("/datasets/<dataset_id>/queues/new")
def show_form(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    view = view_of(dataset, request.args)
    return render_template(
        "ui/new_queue.html",
        dataset=dataset,
        address=kept(request.args),
        matching=table.count_all(db.session(), dataset, view),
        sorts=list(queues.QueueSort),
        most=queues.MOST_REVIEWS,
        largest=queues.LARGEST,
        people=queues.curators(db.session(), tenant()),
    )


@blueprint.post("/datasets/<dataset_id>/queues/new")
@needs(Role.CURATOR)
def create(dataset_id: str) -> Any:
    """A queue of the view that the address names."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    queue = queue_making.create(db.session(), dataset, g.key.id, read_form(dataset, request.form))
    audit.note_of_dataset(Action.QUEUE_CREATED, ids.QUEUE, queue, name=queue.name)
    db.session.commit()
    if queue.status == QueueStatus.MAKING:
        dispatch.make_queue(queue.id)
    return redirect(url_for("queues.show", queue_id=ids.show(ids.QUEUE, queue.id)))


@blueprint.get("/queues/<queue_id>")
def show(queue_id: str) -> str:
    queue = queues.get(db.session(), tenant(), queue_id)
    names = queues.names(db.session(), queue.assigned)
    return render_template(
        "ui/queue.html",
        queue=queue,
        people=[names[key_id] for key_id in queue.assigned],
        may_review=not queue.assigned or g.key.id in queue.assigned,
        progress=queues.progress(db.session(), [queue.id]),
    )


@blueprint.get("/queues/<queue_id>/agreement")
def show_agreement(queue_id: str) -> str:
    """How far its people agree. It takes longer than the page, and comes after it."""
    queue = queues.get(db.session(), tenant(), queue_id)
    found = queue_agreement.of_queue(db.session(), queue)
    db.session.commit()
    return render_template("ui/queue_agreement.html", queue=queue, agreement=found, fewest=FEWEST)


@blueprint.post("/queues/<queue_id>/delete")
@needs(Role.CURATOR)
def delete(queue_id: str) -> Any:
    queue = queues.delete(db.session(), tenant(), queue_id)
    audit.note_of_dataset(Action.QUEUE_DELETED, ids.QUEUE, queue, name=queue.name)
    db.session.commit()
    return redirect(url_for("queues.show_all"))


@blueprint.get("/queues/<queue_id>/disputes")
def show_disputes(queue_id: str) -> str:
    """One answer whose reviews differ, with all that was said of it."""
    queue = queues.get(db.session(), tenant(), queue_id)
    found = reviewing.disputes(db.session(), queue, request.args.get("after", 0, type=place_of), 2)
    dispute = found[0] if found else None
    texts = views.texts(db.session(), [dispute.example.id])[dispute.example.id] if dispute else None
    return render_template(
        "ui/disputes.html",
        queue=queue,
        dispute=dispute,
        output=texts and texts[0],
        asked=messages_shown(texts[1]) if texts else [],
        has_more=len(found) > 1,
    )


@blueprint.post("/queues/<queue_id>/items/<int:place>/decision")
@needs(Role.CURATOR)
def decide(queue_id: str, place: int) -> Any:
    """Let one of the reviews stand, or approve or reject without any."""
    queue = queues.get(db.session(), tenant(), queue_id)
    item = reviewing.get(db.session(), queue, place)
    reviewing.decide(db.session(), queue, g.key.id, place, read_verdict(request.form, item))
    db.session.commit()
    flash(f"Answer {place} is decided.")
    return redirect(url_for("queues.show_disputes", queue_id=queue_id, after=place - 1))


def read_form(dataset: Dataset, form: MultiDict[str, str]) -> queues.NewQueue:
    return queues.NewQueue(
        name=form.get("name", ""),
        view=whole_view_of(dataset, request.args),
        address=kept(request.args),
        sort=sort_of(form.get("sort", "")),
        seed=whole(form, "seed"),
        reviews_each=whole(form, "reviews_each") or 1,
        people=form.getlist("people"),
        limit=queues.LARGEST if (limit := whole(form, "limit")) is None else limit,
    )


def read_verdict(form: Mapping[str, str], item: QueueItem) -> Verdict:
    if form.get("action") in ACTIONS:
        return wanted.read(ACTIONS[form["action"]]).shown
    key_id = ids.parse(ids.KEY, form.get("review_of", ""), KeyNotFound)
    return reviewing.handed_in_by(db.session(), item, key_id).given


def sort_of(name: str) -> queues.QueueSort:
    if name not in list(queues.QueueSort):
        raise RequestInvalid("There is no such order.", param="sort")
    return queues.QueueSort(name)


def whole(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip().replace(",", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise RequestInvalid(f"`{name}` is a whole number.", param=name)
    return int(text) if text else None


def place_of(text: str) -> int:
    """Of no place at all where it is none: then the list begins at its beginning."""
    place = int(text)
    if not 0 <= place <= queues.LARGEST:
        raise ValueError
    return place
