"""`/v1/datasets/{id}/uploads`: files that become items of a dataset."""

from typing import Any

from curation import datasets, uploads
from inference import files
from schemas import tables
from schemas.errors import FileNotFound
from schemas.states import Role
from schemas.wire.curation import FileToTakeIn, Import
from tasks import dispatch
from webapi.api.auth import tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("dataset_uploads", __name__, "Files that become items of a dataset.", writes=Role.CURATOR)


@blueprint.post("/datasets/<dataset_id>/uploads")
@blueprint.arguments(FileToTakeIn)
@blueprint.response(200, Import)
def take_in_file(given: dict[str, Any], dataset_id: str) -> tables.Import:
    """Take the lines of an uploaded file into a dataset.

    The same file is taken once, however often this is called. Lines that are no use are told of in `errors`.
    """
    dataset = datasets.get(db.session(), tenant(), dataset_id)
    begun = uploads.begin(db.session(), dataset, _file(given["file_id"]))
    db.session.commit()
    dispatch.import_answers(begun.id)
    return begun


def _file(file_id: str) -> tables.File:
    try:
        return files.get(db.session(), tenant(), file_id)
    except FileNotFound:
        raise FileNotFound(file_id, param="file_id") from None
