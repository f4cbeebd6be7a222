"""`/v1/models`: what is served here."""

from collections.abc import Sequence

from inference.models import registry
from schemas import tables
from schemas.wire.models import Model, ModelList
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("models", __name__, "The models that batches can ask for.")


@blueprint.get("/models")
@blueprint.response(200, ModelList)
def list_models() -> dict[str, Sequence[tables.Model]]:
    """List the models that are served."""
    return {"data": registry.list_served(db.session())}


@blueprint.get("/models/<path:name>")
@blueprint.response(200, Model)
def get_model(name: str) -> tables.Model:
    """Get a model. Its name may contain slashes."""
    return registry.get(db.session(), name)
