"""`/v1/scorers` and what they say of answers."""

from collections.abc import Collection
from typing import Any

from curation import datasets, examples, scorers, scoring, trust
from plugins.scoring import Scorer
from schemas import tables
from schemas.actions import Action
from schemas.states import Role
from schemas.wire.scores import (
    GivenScoreList,
    ScorerList,
    Scoring,
    ScoringCreate,
    ScoringList,
    ScoringRemoved,
    TrustList,
)
from tasks import dispatch
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("scores", __name__, "Rules that say how good answers are.", writes=Role.CURATOR)


@blueprint.get("/scorers")
@blueprint.response(200, ScorerList)
def list_scorers() -> dict[str, Collection[Scorer]]:
    """List the rules that can score answers."""
    return {"data": scorers.all_scorers().values()}


@blueprint.post("/datasets/<dataset_id>/scorings")
@blueprint.arguments(ScoringCreate)
@blueprint.response(200, Scoring)
def begin_scoring(given: dict[str, Any], dataset_id: str) -> tables.Scoring:
    """Have a scorer go through a dataset. What it says becomes the column `score:<scorer>`."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    begun = scoring.begin(db.session(), dataset, given["scorer"], caller().key_id)
    audit.note(Action.SCORING_BEGUN, dataset_id, scorer=begun.scorer)
    db.session.commit()
    dispatch.score(begun.id)
    return begun


@blueprint.get("/datasets/<dataset_id>/scorings")
@blueprint.response(200, ScoringList)
def list_scorings(dataset_id: str) -> dict[str, Any]:
    """Say how far each scorer is with a dataset."""
    return {"data": scoring.of_dataset(db.session(), datasets.get(db.session(), tenant(), dataset_id))}


@blueprint.get("/datasets/<dataset_id>/scorings/people")
@blueprint.response(200, TrustList)
def compare_with_people(dataset_id: str) -> dict[str, Any]:
    """Say how far each scorer says what people say. It is counted anew: of many answers that takes seconds."""
    return {"data": trust.of_scorers(db.session(), datasets.get(db.session(), tenant(), dataset_id))}


@blueprint.delete("/datasets/<dataset_id>/scorings/<scorer>")
@blueprint.response(200, ScoringRemoved)
def remove_scoring(dataset_id: str, scorer: str) -> dict[str, str]:
    """Forget what a scorer has said of a dataset.

    A worker does it: until it is through, its scorings are listed, the last of them with `removes`.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    removing = scoring.remove(db.session(), dataset, scorer, caller().key_id)
    audit.note(Action.SCORING_REMOVED, dataset_id, scorer=scorer)
    db.session.commit()
    dispatch.score(removing.id)
    return {"scorer": scorer}


@blueprint.get("/examples/<example_id>/scores")
@blueprint.response(200, GivenScoreList)
def list_scores(example_id: str) -> dict[str, Any]:
    """List what scorers say of an example, and why."""
    _, example = examples.get(db.session(), tenant(), example_id)
    found = scoring.of_example(db.session(), example)
    return {"data": [{"score": score, "scoring": source} for score, source in found]}
