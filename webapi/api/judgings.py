"""`/v1/datasets/{id}/judgings` and `/v1/judgings`: a model says which of two others answers better."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from curation import batch_work, comparing, datasets, judge_results, judgings
from curation.judge_results import Which
from curation.judge_trust import BesidePeople, Orders
from curation.judgings import NewJudging
from curation.win_rates import WinRate
from inference.progress import Progress
from schemas import ids, tables
from schemas.actions import Action
from schemas.states import Role
from schemas.wire.fields import OnceHeaders
from schemas.wire.judgings import (
    Judging,
    JudgingCreate,
    JudgingDeleted,
    JudgingList,
    JudgingResult,
    VerdictList,
    VerdictQuery,
)
from tasks import dispatch
from webapi import audit, once
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("judgings", __name__, "Models that judge the answers of others.", writes=Role.CURATOR)


@dataclass(frozen=True, slots=True)
class Shown:
    work: tables.Judging
    progress: Progress
    win_rates: Sequence[WinRate] = ()
    people_win_rates: Sequence[WinRate] = ()
    orders: Orders | None = None
    beside_people: BesidePeople | None = None


@blueprint.post("/datasets/<dataset_id>/judgings")
@blueprint.arguments(JudgingCreate)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, Judging)
def start_judging(given: dict[str, Any], headers: dict[str, Any], dataset_id: str) -> Shown:
    """Have a model say which of two models' answers is better, for each item that both have answered.

    Each item is asked about twice, the answers in both orders, in ordinary batches of at most 50,000 requests.
    With an `Idempotency-Key` header the call can be repeated safely: it gives the judging that the first call made.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)

    def begin() -> UUID:
        judging = judgings.create(db.session(), dataset, caller().key_id, NewJudging(**given))
        audit.note_of_dataset(Action.JUDGING_BEGUN, ids.JUDGING, judging, judge=judging.judge, models=judging.models)
        return judging.id

    judging_id = once.per_call(tenant(), headers["idempotency_key"], given, begin)
    db.session.commit()
    dispatch.judge(judging_id)
    return shown([judgings.get(db.session(), tenant(), ids.show(ids.JUDGING, judging_id))[1]])[0]


@blueprint.get("/datasets/<dataset_id>/judgings")
@blueprint.response(200, JudgingList)
def list_judgings(dataset_id: str) -> dict[str, Any]:
    """List the judgings of a dataset, newest first."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return {"data": shown(datasets.newest_first(db.session(), dataset, tables.Judging))}


@blueprint.get("/judgings/<judging_id>")
@blueprint.response(200, JudgingResult)
def get_judging(judging_id: str) -> Shown:
    """Get a judging: how far it is, who wins, what the order of answers changes, and how far people say the same."""
    dataset, judging = judgings.get(db.session(), tenant(), judging_id)
    return replace(
        shown([judging])[0],
        win_rates=comparing.rates(db.session(), dataset, judging.models, judging.id),
        people_win_rates=comparing.rates(db.session(), dataset, judging.models),
        orders=judge_results.orders(db.session(), judging),
        beside_people=judge_results.beside_people(db.session(), judging),
    )


@blueprint.get("/judgings/<judging_id>/verdicts")
@blueprint.arguments(VerdictQuery, location="query")
@blueprint.response(200, VerdictList)
def list_verdicts(given: dict[str, Any], judging_id: str) -> dict[str, Any]:
    """List verdicts by item, with the reasons: all, those that depend on the order, or those that people don't share.

    Go on with `after` set to the last `item`.
    """
    _, judging = judgings.get(db.session(), tenant(), judging_id)
    page = judge_results.verdicts(db.session(), judging, Which(given["which"]), given["after"], given["limit"])
    return {"data": page.items, "has_more": page.has_more}


@blueprint.post("/judgings/<judging_id>/cancel")
@blueprint.response(200, Judging)
def cancel_judging(judging_id: str) -> Shown:
    """Cancel a judging. Verdicts that are there by then are kept."""
    judging = batch_work.cancel(db.session(), judgings.get(db.session(), tenant(), judging_id)[1])
    audit.note_of_dataset(Action.JUDGING_CANCELLED, ids.JUDGING, judging)
    db.session.commit()
    dispatch.judge(judging.id)
    return shown([judging])[0]


@blueprint.delete("/judgings/<judging_id>")
@blueprint.response(200, JudgingDeleted)
def delete_judging(judging_id: str) -> tables.Judging:
    """Delete a judging that has ended, with all its verdicts."""
    judging = judgings.delete(db.session(), tenant(), judging_id)
    audit.note_of_dataset(Action.JUDGING_DELETED, ids.JUDGING, judging, judge=judging.judge, models=judging.models)
    db.session.commit()
    return judging


def shown(found: Sequence[tables.Judging]) -> list[Shown]:
    progress = batch_work.progress(db.session(), found)
    return [Shown(judging, progress[judging.id]) for judging in found]
