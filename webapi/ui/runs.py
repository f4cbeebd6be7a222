"""The page of a dataset's items: the files that they came from, and the models that are run on them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for

from curation import batch_work, datasets, imports, runs, uploads
from curation.batch_work import WINDOW
from curation.runs import NewRun
from inference.models import registry
from schemas import ids
from schemas.actions import Action
from schemas.errors import RequestInvalid
from schemas.states import Role
from schemas.tables import Import, Run
from tasks import dispatch
from webapi import audit, once
from webapi.database import db
from webapi.form_values import number, whole
from webapi.ui.files import WINDOWS
from webapi.ui.guard import needs, tenant
from webapi.view_address import kept, view_of, whole_view_of

blueprint = Blueprint("runs", __name__)
ERRORS_SHOWN: Final = 100
HOTTEST: Final = 2


@blueprint.get("/datasets/<dataset_id>/runs")
def show_all(dataset_id: str) -> str:
    session = db.session()
    dataset = datasets.get(session, tenant(), dataset_id)
    found = datasets.newest_first(session, dataset, Run)
    arrived = imports.of_dataset(session, dataset, with_errors=True)
    return render_template(
        "ui/runs.html",
        dataset=dataset,
        address=address(),
        asked=runs.count_items(session, dataset, view_of(dataset, request.args)),
        runs=found,
        progress=batch_work.progress(session, found),
        taken_in=runs.taken_in(session, found),
        files=[one for one in arrived if one.file_id],
        names=uploads.names(session, arrived),
        errors=shown_errors(arrived),
        live=any(run.ended_at is None for run in found) or any(one.ended_at is None for one in arrived),
        models=registry.list_served(session),
        windows=WINDOWS,
        window=WINDOW,
    )


def address() -> dict[str, Any]:
    """The view whose items are to be asked; in which order they are shown says nothing."""
    return {name: value for name, value in kept(request.args).items() if name != "sort"}


def shown_errors(arrived: Sequence[Import]) -> list[dict[str, Any]]:
    """The first lines that were no use, of all files."""
    return [error for one in arrived for error in one.errors][:ERRORS_SHOWN]


@blueprint.post("/datasets/<dataset_id>/runs")
@needs(Role.CURATOR)
def start(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    wanted = NewRun(
        request.form.getlist("model"),
        read_parameters(request.form),
        request.form.get("completion_window", WINDOW),
        whole_view_of(dataset, request.args),
        address(),
    )

    def begin() -> UUID:
        run = runs.create(db.session(), dataset, g.key.id, wanted)
        audit.note_of_dataset(Action.RUN_BEGUN, ids.RUN, run, models=run.models)
        return run.id

    run_id = once.per_form(tenant(), begin)
    db.session.commit()
    dispatch.advance_run(run_id)
    return redirect(url_for("runs.show_all", dataset_id=dataset_id))


def read_parameters(form: Mapping[str, str]) -> dict[str, Any]:
    """Those that were filled in."""
    temperature = number(form, "temperature")
    if temperature is not None and not 0 <= temperature <= HOTTEST:
        raise RequestInvalid(f"A temperature is a number from 0 to {HOTTEST}.", param="temperature")
    max_tokens = whole(form, "max_tokens")
    if max_tokens is not None and max_tokens < 1:
        raise RequestInvalid("An answer has at least one token.", param="max_tokens")
    given = {"temperature": temperature, "max_tokens": max_tokens}
    return {name: value for name, value in given.items() if value is not None}


@blueprint.post("/runs/<run_id>/cancel")
@needs(Role.CURATOR)
def cancel(run_id: str) -> Any:
    run = batch_work.cancel(db.session(), runs.get(db.session(), tenant(), run_id)[1])
    audit.note_of_dataset(Action.RUN_CANCELLED, ids.RUN, run)
    db.session.commit()
    dispatch.advance_run(run.id)
    return redirect(url_for("runs.show_all", dataset_id=ids.show(ids.DATASET, run.dataset_id)))
