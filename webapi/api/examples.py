"""`/v1/examples` and `/v1/changes`: what people and agents make of answers, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from curation import changes, examples, similar, wanted
from curation.chats import messages_of
from inference.pages import count_that_fit
from schemas import tables
from schemas.states import Role
from schemas.wire.curation import (
    ChangeSet,
    Example,
    ExampleChange,
    SimilarList,
    SimilarQuery,
    VersionList,
    VersionQuery,
)
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("examples", __name__, "Answers, and what people make of them.", writes=Role.CURATOR)


@dataclass(frozen=True, slots=True)
class Shown:
    example: tables.Example
    output: tables.Output
    custom_id: str
    metadata: dict[str, Any]
    messages: list[dict[str, Any]]


@blueprint.get("/examples/<example_id>")
@blueprint.response(200, Example)
def get_example(example_id: str) -> Shown:
    """Get an example."""
    _, example = examples.get(db.session(), tenant(), example_id)
    return shown_examples([example])[0]


@blueprint.get("/examples/<example_id>/similar")
@blueprint.arguments(SimilarQuery, location="query")
@blueprint.response(200, SimilarList)
def list_similar(given: dict[str, Any], example_id: str) -> dict[str, list[Shown]]:
    """List examples of the same dataset that share its rarest words, most similar first, fewer where they are long."""
    _, example = examples.get(db.session(), tenant(), example_id)
    found = similar.of_example(db.session(), example, given["limit"])
    return {"data": shown_examples(first_that_fit([one.example for one in found]))}


@blueprint.post("/examples/<example_id>")
@blueprint.arguments(ExampleChange)
@blueprint.response(200, Example)
def change_example(given: dict[str, Any], example_id: str) -> Shown:
    """Change an example. With `version`, only if it is still the latest: else 409."""
    dataset, example = examples.get(db.session(), tenant(), example_id)
    version = given.pop("version")
    changes.change_one(db.session(), dataset, caller().key_id, wanted.read(given), example, version)
    db.session.commit()
    db.session.refresh(example)
    return shown_examples([example])[0]


@blueprint.get("/examples/<example_id>/versions")
@blueprint.arguments(VersionQuery, location="query")
@blueprint.response(200, VersionList)
def list_versions(given: dict[str, Any], example_id: str) -> dict[str, Any]:
    """List what was changed about an example, and by whom, newest first, up to 50 at once.

    Go on with `before` set to the last `version`.
    """
    _, example = examples.get(db.session(), tenant(), example_id)
    page = changes.history(db.session(), example, given["before"])
    return {"data": page.items, "has_more": page.has_more}


@blueprint.post("/changes/<change_id>/undo")
@blueprint.response(200, ChangeSet)
def undo_change(change_id: str) -> dict[str, Any] | tables.ChangeSet:
    """Undo what was changed in one go. What somebody has changed since stays."""
    undone = changes.get(db.session(), tenant(), change_id)
    done = changes.undo(db.session(), tenant(), change_id, caller().key_id)
    audit.note_change(done)
    db.session.commit()
    return change_shown(done, undone)


def first_that_fit(found: Sequence[tables.Example]) -> Sequence[tables.Example]:
    """Those with whose texts an answer is not too long: one at least."""
    sizes = examples.sizes(db.session(), [example.id for example in found])
    return found[: count_that_fit([sizes[example.id] for example in found])]


def shown_examples(found: Sequence[tables.Example]) -> list[Shown]:
    texts = examples.texts(db.session(), [example.id for example in found])
    return [
        Shown(example, output, item.custom_id, item.details, messages_of(orjson.loads(item.request)))
        for example in found
        for output, item in [texts[example.id]]
    ]


def change_shown(
    done: tables.ChangeSet | None, about: tables.Dataset | tables.ChangeSet
) -> dict[str, Any] | tables.ChangeSet:
    dataset_id = about.id if isinstance(about, tables.Dataset) else about.dataset_id
    return done or {"id": None, "dataset_id": dataset_id, "examples": 0, "wanted": {}, "undoes": None}
