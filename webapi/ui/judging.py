"""Models that judge the answers of others: begun on the page that compares models, each with a page of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for

from curation import batch_work, comparing, datasets, judge_results, judgings
from curation.batch_work import WINDOW
from curation.judge_prompt import CRITERIA
from curation.judge_results import Which
from curation.judgings import NewJudging
from curation.queues import names
from curation.win_rates import WinRate
from inference.models import registry
from schemas import ids
from schemas.actions import Action
from schemas.limits import LONGEST_CRITERIA
from schemas.states import Role
from schemas.tables import Dataset, Judging
from tasks import dispatch
from webapi import audit, once
from webapi.database import db
from webapi.form_values import after, one_or_any, text
from webapi.ui.files import WINDOWS
from webapi.ui.guard import needs, tenant
from webapi.ui.review import messages_shown

blueprint = Blueprint("judging", __name__)
ROWS: Final = 10
FILTERS: Final = {
    Which.ALL: "All",
    Which.ORDERS: "The order decides",
    Which.PEOPLE: "People say otherwise",
}
# What a letter of `Comparison.said` means, when the first model's answer stands as A, and when it stands as B.
CHOSEN: Final = ({"A": 0, "B": 1}, {"A": 1, "B": 0})


@dataclass(frozen=True, slots=True)
class Beside:
    """How a judge's rate of one model stands beside people's; None where they have not chosen."""

    judge: WinRate
    people: WinRate | None


@blueprint.post("/datasets/<dataset_id>/judgings")
@needs(Role.CURATOR)
def begin(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    wanted = NewJudging(
        request.form.getlist("model"),
        request.form.get("judge", ""),
        text(request.form, "criteria"),
        request.form.get("completion_window", WINDOW),
    )

    def make() -> UUID:
        judging = judgings.create(db.session(), dataset, g.key.id, wanted)
        audit.note_of_dataset(Action.JUDGING_BEGUN, ids.JUDGING, judging, judge=judging.judge, models=judging.models)
        return judging.id

    judging_id = once.per_form(tenant(), make)
    db.session.commit()
    dispatch.judge(judging_id)
    return to_page(judging_id)


@blueprint.get("/judgings/<judging_id>")
def show(judging_id: str) -> str:
    session = db.session()
    dataset, judging = judgings.get(session, tenant(), judging_id)
    which = one_or_any(Which, request.args, "which") or Which.ALL
    return render_template(
        "ui/judging.html",
        dataset=dataset,
        judging=judging,
        by=names(session, [judging.key_id])[judging.key_id],
        progress=batch_work.progress(session, [judging])[judging.id],
        orders=judge_results.orders(session, judging),
        people=judge_results.beside_people(session, judging),
        rates=beside(dataset, judging),
        which=which,
        filters=FILTERS,
        page=judge_results.with_texts(
            session, judge_results.verdicts(session, judging, which, after(request.args), ROWS)
        ),
        chosen=chosen,
        messages_shown=messages_shown,
    )


@blueprint.post("/judgings/<judging_id>/cancel")
@needs(Role.CURATOR)
def cancel(judging_id: str) -> Any:
    judging = batch_work.cancel(db.session(), judgings.get(db.session(), tenant(), judging_id)[1])
    audit.note_of_dataset(Action.JUDGING_CANCELLED, ids.JUDGING, judging)
    db.session.commit()
    dispatch.judge(judging.id)
    return to_page(judging.id)


@blueprint.post("/judgings/<judging_id>/delete")
@needs(Role.CURATOR)
def delete(judging_id: str) -> Any:
    judging = judgings.delete(db.session(), tenant(), judging_id)
    audit.note_of_dataset(Action.JUDGING_DELETED, ids.JUDGING, judging, judge=judging.judge, models=judging.models)
    db.session.commit()
    dataset_id = ids.show(ids.DATASET, judging.dataset_id)
    return redirect(url_for("comparing.show", dataset_id=dataset_id, model=judging.models))


def for_page(dataset: Dataset) -> dict[str, Any]:
    """What the page that compares models shows of its judgings."""
    found = datasets.newest_first(db.session(), dataset, Judging)
    return {
        "judgings": found,
        "judged": batch_work.progress(db.session(), found),
        "is_judging": any(one.ended_at is None for one in found),
        "judges": registry.list_served(db.session()),
        "criteria": CRITERIA,
        "longest_criteria": LONGEST_CRITERIA,
        "windows": WINDOWS,
        "window": WINDOW,
    }


def beside(dataset: Dataset, judging: Judging) -> Sequence[Beside]:
    people = {rate.model: rate for rate in comparing.rates(db.session(), dataset, judging.models)}
    rates = comparing.rates(db.session(), dataset, judging.models, judging.id)
    return [Beside(rate, people.get(rate.model)) for rate in rates]


def chosen(said: str, models: Sequence[str]) -> Sequence[str | None]:
    """Whom a judge named in either order; None where neither was better."""
    places = (meaning.get(letter) for meaning, letter in zip(CHOSEN, said, strict=True))
    return [None if place is None else models[place] for place in places]


def to_page(judging_id: UUID) -> Any:
    return redirect(url_for("judging.show", judging_id=ids.show(ids.JUDGING, judging_id)))
