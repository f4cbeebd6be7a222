"""Models' answers side by side, and choosing between them without knowing whose is whose."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, g, redirect, render_template, request, url_for

from curation import comparing, datasets
from curation.win_rates import ranking
from schemas import ids
from schemas.errors import ExampleNotFound, RequestInvalid
from schemas.states import Role
from schemas.text import is_storable
from webapi.database import db
from webapi.form_values import after
from webapi.ui import judging
from webapi.ui.guard import needs, tenant
from webapi.ui.review import messages_shown

blueprint = Blueprint("comparing", __name__)
ROWS: Final = 20
# What stands where an example's id would, for "none is better".
NONE: Final = "none"


@blueprint.get("/datasets/<dataset_id>/compare")
def show(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    known = comparing.models_of(db.session(), dataset)
    models = wanted_models() or list(known)[:2]
    comparable = len(models) > 1 and bool(comparing.check_models(models))
    rates = comparing.rates(db.session(), dataset, models)
    return render_template(
        "ui/compare.html",
        dataset=dataset,
        known=known,
        models=models,
        page=comparing.page(db.session(), dataset, models, after(request.args), ROWS) if comparable else None,
        rates=rates,
        ranking=ranking(rates),
        messages_shown=messages_shown,
        **judging.for_page(dataset),
    )


@blueprint.get("/datasets/<dataset_id>/choose")
def show_choice(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    models = comparing.check_models(wanted_models())
    place = after(request.args)
    compared = comparing.next_open(db.session(), dataset, models, g.key.id, place)
    return render_template(
        "ui/choose.html",
        dataset=dataset,
        models=models,
        after=place,
        compared=compared,
        answers=comparing.blind(compared, g.key.id) if compared else (),
        messages_shown=messages_shown,
        last=comparing.latest(db.session(), dataset, models, g.key.id),
        nobody=NONE,
    )


@blueprint.post("/datasets/<dataset_id>/choose")
@needs(Role.CURATOR)
def choose(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    shown = [ids.parse(ids.EXAMPLE, one, ExampleNotFound) for one in request.form.getlist("shown")]
    winner = request.form.get("winner", "")
    best = None if winner == NONE else ids.parse(ids.EXAMPLE, winner, ExampleNotFound)
    comparing.choose(db.session(), dataset, shown, best, g.key.id)
    db.session.commit()
    return to_next(dataset_id)


@blueprint.post("/datasets/<dataset_id>/choose/undo")
@needs(Role.CURATOR)
def undo(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    item = comparing.take_back(db.session(), dataset, comparing.check_models(wanted_models()), g.key.id)
    db.session.commit()
    return to_next(dataset_id, item - 1 if item else None)


def to_next(dataset_id: str, place: int | None = None) -> Any:
    """Whoever has skipped some goes on behind them."""
    place = after(request.args) or None if place is None else place
    return redirect(url_for(".show_choice", dataset_id=dataset_id, model=wanted_models(), after=place))


def wanted_models() -> Sequence[str]:
    models = request.args.getlist("model")
    if not all(map(is_storable, models)):
        raise RequestInvalid("No model has such a name.", param="model")
    return models
