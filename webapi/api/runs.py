"""`/v1/datasets/{id}/runs` and `/v1/runs`: models asked the items of a dataset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from curation import batch_work, datasets, runs
from curation.runs import NewRun
from inference.progress import Progress
from schemas import ids, tables
from schemas.actions import Action
from schemas.states import Role
from schemas.wire.fields import OnceHeaders
from schemas.wire.runs import Run, RunCreate, RunList
from tasks import dispatch
from webapi import audit, once
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db
from webapi.view_address import kept, whole_view_of

blueprint = Blueprint("runs", __name__, "Models asked the items of a dataset.", writes=Role.CURATOR)


@dataclass(frozen=True, slots=True)
class Shown:
    work: tables.Run
    progress: Progress
    taken_in: int


@blueprint.post("/datasets/<dataset_id>/runs")
@blueprint.arguments(RunCreate)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, Run)
def start_run(given: dict[str, Any], headers: dict[str, Any], dataset_id: str) -> Shown:
    """Ask one or several models all items of a dataset, or those that have an example in a `view`.

    A run makes ordinary batches of at most 50,000 requests, and takes in what each has answered when it has ended.
    With an `Idempotency-Key` header the call can be repeated safely: it gives the run that the first call made.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    view = {"view": whole_view_of(dataset, given["view"]), "address": kept(given["view"])}

    def begin() -> UUID:
        run = runs.create(db.session(), dataset, caller().key_id, NewRun(**given | view))
        audit.note_of_dataset(Action.RUN_BEGUN, ids.RUN, run, models=run.models)
        return run.id

    run_id = once.per_call(tenant(), headers["idempotency_key"], given, begin)
    db.session.commit()
    dispatch.advance_run(run_id)
    return shown([runs.get(db.session(), tenant(), ids.show(ids.RUN, run_id))[1]])[0]


@blueprint.get("/datasets/<dataset_id>/runs")
@blueprint.response(200, RunList)
def list_runs(dataset_id: str) -> dict[str, Any]:
    """List the runs of a dataset, newest first."""
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    return {"data": shown(datasets.newest_first(db.session(), dataset, tables.Run))}


@blueprint.get("/runs/<run_id>")
@blueprint.response(200, Run)
def get_run(run_id: str) -> Shown:
    """Get a run, with its counts as they are now."""
    return shown([runs.get(db.session(), tenant(), run_id)[1]])[0]


@blueprint.post("/runs/<run_id>/cancel")
@blueprint.response(200, Run)
def cancel_run(run_id: str) -> Shown:
    """Cancel a run. What is answered by then is taken in all the same."""
    run = batch_work.cancel(db.session(), runs.get(db.session(), tenant(), run_id)[1])
    audit.note_of_dataset(Action.RUN_CANCELLED, ids.RUN, run)
    db.session.commit()
    dispatch.advance_run(run.id)
    return shown([run])[0]


def shown(found: Sequence[tables.Run]) -> list[Shown]:
    progress, taken_in = batch_work.progress(db.session(), found), runs.taken_in(db.session(), found)
    return [Shown(run, progress[run.id], taken_in.get(run.id, 0)) for run in found]
