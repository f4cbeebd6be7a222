"""The form that makes a dataset of a file, read while it comes in."""

from http import HTTPStatus
from pathlib import PurePath
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, url_for

from curation import datasets, naming, uploads
from inference import files, quotas
from schemas import ids
from schemas.errors import VbsError
from schemas.states import Role
from schemas.tables import ApiKey
from tasks import dispatch
from webapi.database import db
from webapi.errors import status_of
from webapi.ui import upload_form
from webapi.ui.datasets import PAGE
from webapi.ui.guard import needs, reads_form_itself, tenant

blueprint = Blueprint("dataset_uploads", __name__)


@blueprint.post("/datasets")
@needs(Role.CURATOR)
@reads_form_itself
def upload() -> Any:
    try:
        dataset_id, import_id = receive(g.key)
    except VbsError as error:
        db.session.rollback()
        page = datasets.list_page(db.session(), tenant(), None, PAGE)
        return render_template("ui/datasets.html", page=page, upload_error=error.message), status_of(error)
    dispatch.import_answers(import_id)
    return redirect(url_for("datasets.show", dataset_id=ids.show(ids.DATASET, dataset_id)), HTTPStatus.SEE_OTHER)


def receive(key: ApiKey) -> tuple[UUID, UUID]:
    """A dataset, and the import of the file in the form into it."""
    with files.incoming() as content:
        fields = upload_form.read(lambda filename, blocks, _: content.receive(filename, blocks))
        kept_seconds, limit = uploads.kept_seconds(), quotas.limits_of(key).stored_bytes
        file = files.register(db.session(), key.tenant, uploads.PURPOSE, content, kept_seconds, stored_limit=limit)
        name = fields.get("name", "").strip() or naming.shortened(PurePath(content.filename).stem)
        dataset = datasets.create(db.session(), key.tenant, name)
        begun = uploads.begin(db.session(), dataset, file)
        db.session.commit()
    return dataset.id, begun.id
