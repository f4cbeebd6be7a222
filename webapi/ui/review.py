"""Reviewing: one example, what can be done to it, and the undo of whatever was done."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from curation import changes, examples, scoring, similar, wanted
from curation.chats import messages_of
from curation.dataset_task import rendered
from curation.wording import text_of
from schemas import ids
from schemas.errors import RequestInvalid
from schemas.states import ExampleStatus, Role
from schemas.tables import ChangeSet, Item
from webapi import audit
from webapi.database import db
from webapi.display import changed
from webapi.form_values import share, text, whole
from webapi.ui.guard import needs, tenant
from webapi.ui.session import is_ours

blueprint = Blueprint("review", __name__)
SIMILAR: Final = 5
# What one press of a button means.
ACTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "approve": {"status": ExampleStatus.APPROVED},
    "reject": {"status": ExampleStatus.REJECTED},
    "reopen": {"status": ExampleStatus.NEEDS_REVIEW},
    "star": {"gold": True},
    "unstar": {"gold": False},
}
# What is typed beside it.
TEXTS: Final = ("category", "notes", "edited_output")
TAGS: Final = (wanted.ADD_TAGS, wanted.REMOVE_TAGS)


@blueprint.get("/examples/<example_id>")
def show(example_id: str) -> str:
    dataset, example = examples.get(db.session(), tenant(), example_id)
    output, item = examples.texts(db.session(), [example.id])[example.id]
    return render_template(
        "ui/example.html",
        dataset=dataset,
        example=example,
        output=output,
        item=item,
        messages_asked=messages_shown(item),
        rendered=rendered(db.session(), dataset, output.output),
        scores=scoring.of_example(db.session(), example),
        history=changes.history(db.session(), example, whole(request.args, "before")),
    )


@blueprint.get("/examples/<example_id>/similar")
def show_similar(example_id: str) -> str:
    dataset, example = examples.get(db.session(), tenant(), example_id)
    found = similar.of_example(db.session(), example, SIMILAR)
    return render_template("ui/similar.html", dataset=dataset, example=example, similar=found)


@blueprint.post("/examples/<example_id>/change")
@needs(Role.CURATOR)
def change(example_id: str) -> Any:
    dataset, example = examples.get(db.session(), tenant(), example_id)
    version = whole(request.form, "version")
    given = wanted.read(read_form(request.form))
    done = changes.change_one(db.session(), dataset, g.key.id, given, example, version)
    db.session.commit()
    return after_change(done, url_for("review.show", example_id=example_id))


@blueprint.post("/changes/<change_id>/undo")
@needs(Role.CURATOR)
def undo(change_id: str) -> Any:
    done = changes.undo(db.session(), tenant(), change_id, g.key.id)
    audit.note_change(done)
    db.session.commit()
    return after_change(done, url_for("datasets.show_all"))


def messages_shown(item: Item) -> list[dict[str, str]]:
    """What was asked, for people to read."""
    messages = messages_of(orjson.loads(item.request))
    return [{"role": str(message.get("role")), "text": text_of(message.get("content"))} for message in messages]


def read_form(form: Mapping[str, str]) -> dict[str, Any]:
    """What a form wants to change: a button's action, or the fields that it has."""
    given: dict[str, Any] = {}
    if action := form.get("action"):
        if action not in ACTIONS:
            raise RequestInvalid(f"There is no action '{action}'.", param="action")
        given |= ACTIONS[action]
    given |= {name: tags for name in TAGS if (tags := [tag for tag in form.get(name, "").split(",") if tag.strip()])}
    for name in TEXTS:
        if name in form:
            given[name] = text(form, name) or ("" if name == "notes" else None)
    if "score" in form:
        given["score"] = share(form, "score")
    return given


def after_change(done: ChangeSet | None, fallback: str) -> Any:
    """Back to where the form was, which then offers to undo it."""
    if done is None:
        flash("Nothing had to be changed.")
    else:
        # It travels in a cookie: a few words, not all that was written.
        said = {"id": ids.show(ids.CHANGE_SET, done.id), "examples": done.examples, "words": changed(done.wanted)}
        flash(said, "change")  # type: ignore[arg-type]
    wanted_page = request.form.get("next", "")
    return redirect(wanted_page if wanted_page and is_ours(wanted_page) else fallback)
