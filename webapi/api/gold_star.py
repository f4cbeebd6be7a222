"""`/api/gold-star` and `/api/export-gold-star`: the addresses that clients of earlier versions know."""

from functools import partial
from itertools import chain
from typing import Any, Final

from flask import Response

from curation import datasets, gold_stars
from curation.exports import reading
from curation.exports.options import Options
from curation.exports.streaming import stream
from curation.formats.table import format_named
from curation.ready_made import ready_made
from schemas.actions import Action
from schemas.errors import RequestInvalid
from schemas.states import Role
from schemas.tables import Dataset
from schemas.tables.exports import ExportFormat
from schemas.wire.exports import GoldStar, GoldStarQuery, GoldStarred
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db, sessions
from webapi.downloads import attachment
from webapi.view_address import read_view

# What was called `finetuning` then.
OLD_NAMES: Final = {"finetuning": ExportFormat.CHAT}

blueprint = Blueprint("gold_star", __name__, "For clients of earlier versions.", writes=Role.CURATOR, prefix="/api")


@blueprint.post("/gold-star")
@blueprint.arguments(GoldStar)
@blueprint.response(200, GoldStarred)
def star(given: dict[str, Any]) -> dict[str, Any]:
    """Make an answer gold, found by the `custom_id` of its request."""
    custom_id = given["custom_id"] or given["candidate_id"]
    if not custom_id:
        raise RequestInvalid("`candidate_id` or `custom_id` says which answer is meant.", param="candidate_id")
    wanted = given["dataset_id"] and datasets.get(db.session(), tenant(), given["dataset_id"])
    dataset, example = gold_stars.find(db.session(), tenant(), custom_id, wanted, given["evaluation"])
    done = gold_stars.star(db.session(), example, dataset, caller().key_id, given)
    db.session.commit()
    return {"dataset_id": dataset.id, "example_id": example.id, "change_id": done and done.id}


@blueprint.get("/export-gold-star")
@blueprint.arguments(GoldStarQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="application/octet-stream")
def export(given: dict[str, Any]) -> Response:
    """Stream the gold examples of all datasets, or of one."""
    return gold(given)


@blueprint.post("/export-gold-star")
@blueprint.arguments(GoldStarQuery)
@blueprint.response(200, {"type": "string"}, content_type="application/octet-stream")
def export_by_post(given: dict[str, Any]) -> Response:
    """Stream the gold examples of all datasets, or of one."""
    return gold(given)


def gold(given: dict[str, Any]) -> Response:
    name = OLD_NAMES.get(given["format"], given["format"])
    form = format_named(name)
    view = read_view({"gold": "yes", **ready_made()[given["filter"]].address})
    wanted = [dataset.id for dataset in chosen(given["dataset_id"])]
    audit.note_now(Action.DATA_DOWNLOADED, given["dataset_id"] or "", gold=True)
    read = partial(reading.pages, sessions(), view=view, deciders=Options().deciders(form))
    lines = stream(chain.from_iterable(map(read, wanted)), form)
    return attachment(lines, form.media_type, f"gold_star_{name}.{form.suffix}")


def chosen(dataset_id: str | None) -> list[Dataset]:
    if dataset_id:
        return [datasets.get(db.session(), tenant(), dataset_id)]
    return datasets.with_gold(db.session(), tenant())
