"""Which task a dataset is of: a form for it."""

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for

from curation import datasets
from curation.dataset_task import set_task
from curation.task_schemas import registry
from schemas.states import Role
from tasks import dispatch
from webapi.database import db
from webapi.ui.guard import needs, tenant

blueprint = Blueprint("dataset_task", __name__)
# More than this have to be named.
OFFERED: Final = 100


@blueprint.get("/datasets/<dataset_id>/task")
def show_form(dataset_id: str) -> str:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    offered = registry.list_page(db.session(), tenant(), None, OFFERED).items
    return render_template("ui/dataset_task.html", dataset=dataset, tasks=offered)


@blueprint.post("/datasets/<dataset_id>/task")
@needs(Role.CURATOR)
def save(dataset_id: str) -> Any:
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    set_task(db.session(), dataset, request.form.get("task", "").strip() or None)
    db.session.commit()
    if dataset.refilled is not None:
        dispatch.fill_columns(dataset.id)
    flash(f"The task is {dataset.task}." if dataset.task else "The dataset is of no task now.")
    return redirect(url_for("datasets.show", dataset_id=dataset_id), HTTPStatus.SEE_OTHER)
