"""`/v1/datasets/{id}/comparisons`: which model's answers are found best."""

from typing import Any

import orjson

from curation import comparing, datasets
from curation.chats import messages_of
from schemas import ids, tables
from schemas.errors import ExampleNotFound
from schemas.states import Role
from schemas.wire.comparisons import Choice, Comparison, ComparisonCreate, NextQuery, WinRateList
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("comparisons", __name__, "Models side by side, and which is found best.", writes=Role.CURATOR)


@blueprint.get("/datasets/<dataset_id>/comparisons")
@blueprint.response(200, WinRateList)
def list_win_rates(dataset_id: str) -> dict[str, Any]:
    """Say how often each model was found better than each other one, with 95% intervals."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    answers = comparing.models_of(db.session(), dataset)
    return {"answers": answers, "data": comparing.rates(db.session(), dataset)}


@blueprint.get("/datasets/<dataset_id>/comparisons/next")
@blueprint.arguments(NextQuery, location="query")
@blueprint.response(200, Choice)
def get_next_choice(given: dict[str, Any], dataset_id: str) -> dict[str, Any]:
    """Get answers of these models to an item that this key has not chosen for, in an order that says nothing."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    models = comparing.check_models(given["model"])
    compared = comparing.next_open(db.session(), dataset, models, caller().key_id, given["after"])
    if compared is None:
        return {"item": None, "messages": [], "answers": []}
    messages = messages_of(orjson.loads(compared.item.request))
    answers = comparing.blind(compared, caller().key_id)
    return {"item": compared.item.number, "messages": messages, "answers": answers}


@blueprint.post("/datasets/<dataset_id>/comparisons")
@blueprint.arguments(ComparisonCreate)
@blueprint.response(200, Comparison)
def choose(given: dict[str, Any], dataset_id: str) -> tables.Comparison:
    """Choose the best of the answers that were shown, or null. Choosing again replaces the choice."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    shown = [ids.parse(ids.EXAMPLE, one, ExampleNotFound) for one in given["shown"]]
    winner = ids.parse(ids.EXAMPLE, given["winner"], ExampleNotFound) if given["winner"] is not None else None
    made = comparing.choose(db.session(), dataset, shown, winner, caller().key_id)
    db.session.commit()
    return made
