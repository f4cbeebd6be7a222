"""The page of a dataset's scores: rules that go through it, how far they agree with people, and the best of it."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from curation import columns, datasets, scorers, scoring, trust
from schemas.actions import Action
from schemas.errors import RequestInvalid
from schemas.states import Role, ScoringStatus
from tasks import dispatch
from webapi import audit
from webapi.database import db
from webapi.form_values import number
from webapi.ui.guard import needs, tenant

blueprint = Blueprint("scores", __name__)


@blueprint.get("/datasets/<dataset_id>/scores")
def show(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    begun = {one.scorer: one for one in scoring.of_dataset(db.session(), dataset)}
    known = columns.read(dataset.columns)
    return render_template(
        "ui/scores.html",
        dataset=dataset,
        scorers=scorers.all_scorers().values(),
        begun=begun,
        is_running=any(one.status == ScoringStatus.RUNNING for one in begun.values()),
        kept={one.path.removeprefix(columns.SCORED) for one in known if one.is_of_scorer},
        numbers=[one for one in columns.filled(dataset) if one.kind == columns.Kind.NUMBER],
    )


@blueprint.get("/datasets/<dataset_id>/scores/people")
def show_trust(dataset_id: str) -> str:
    """How far scorers say what people say. It takes longer than the page, and comes after it."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return render_template("ui/trust.html", dataset=dataset, trust=trust.of_scorers(db.session(), dataset))


@blueprint.post("/datasets/<dataset_id>/scores")
@needs(Role.CURATOR)
def begin(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    begun = scoring.begin(db.session(), dataset, request.form.get("scorer", ""), g.key.id)
    audit.note(Action.SCORING_BEGUN, dataset_id, scorer=begun.scorer)
    db.session.commit()
    dispatch.score(begun.id)
    return redirect(url_for(".show", dataset_id=dataset_id))


@blueprint.post("/datasets/<dataset_id>/scores/remove")
@needs(Role.CURATOR)
def remove(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    scorer = request.form.get("scorer", "")
    removing = scoring.remove(db.session(), dataset, scorer, g.key.id)
    audit.note(Action.SCORING_REMOVED, dataset_id, scorer=scorer)
    db.session.commit()
    dispatch.score(removing.id)
    return redirect(url_for(".show", dataset_id=dataset_id))


@blueprint.get("/datasets/<dataset_id>/best")
def show_best(dataset_id: str) -> Any:
    """The view of those that reach the value that this share reaches."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    column, percent = request.args.get("column", ""), number(request.args, "percent")
    if percent is None:
        raise RequestInvalid("A share is a number above 0, up to 100.", param="percent")
    least = scoring.threshold(db.session(), dataset, column, percent / 100)
    if least is None:
        flash("No answer has such a value.")
        return redirect(url_for(".show", dataset_id=dataset_id))
    best: dict[str, Any] = {f"from.{column}": f"{least:.17g}", "sort": f"-field.{column}"}
    return redirect(url_for("datasets.show", dataset_id=dataset_id, **best))
