"""`/v1/kept_answers`: what batches with `reuse_answers` have kept for the next ones."""

from inference import reuse
from schemas.wire.servings import ForgottenAnswers
from webapi.api.auth import tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("kept_answers", __name__, "Answers that are kept for later batches.")


@blueprint.delete("/kept_answers")
@blueprint.response(200, ForgottenAnswers)
def forget_answers() -> dict[str, int]:
    """Forget every answer that is kept for later batches.

    Results and output files are not touched.
    """
    count = reuse.forget(db.session(), tenant())
    db.session.commit()
    return {"deleted": count}
