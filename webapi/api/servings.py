"""`/v1/servings`: what answers come from."""

from collections.abc import Sequence

from inference import batches, serving
from schemas import tables
from schemas.wire.servings import Serving, ServingList
from webapi.api.auth import tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("servings", __name__, "Models as they were loaded, to which each answer refers.")


@blueprint.get("/servings/<serving_id>")
@blueprint.response(200, Serving)
def get_serving(serving_id: str) -> tables.Serving:
    """Get what an answer comes from: `served_by` on its line is the id.

    Servings are the server's, the same for all tenants, as its models are: any key may look.
    """
    return serving.get(db.session(), serving_id)


@blueprint.get("/batches/<batch_id>/servings")
@blueprint.response(200, ServingList)
def list_servings(batch_id: str) -> dict[str, Sequence[tables.Serving]]:
    """List what a batch's answers come from. More than one is a batch that a new model or engine came into."""
    batch = batches.get(db.session(), tenant(), batch_id)
    return {"data": serving.of_batch(db.session(), batch)}
