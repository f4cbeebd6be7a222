"""`/v1/keys`: API keys, for administrators."""

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from inference import api_keys
from schemas import ids, tables
from schemas.actions import Action
from schemas.states import Role
from schemas.wire.keys import Key, KeyCreate, KeyList, NewKey
from webapi import audit
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("keys", __name__, "API keys.", reads=Role.ADMIN, writes=Role.ADMIN)


@blueprint.post("/keys")
@blueprint.arguments(KeyCreate)
@blueprint.response(200, NewKey)
def create_key(wanted: dict[str, Any]) -> Response:
    """Create a key.

    The key itself is in this answer only.
    """
    key, plain = api_keys.create(db.session(), **wanted)
    audit.note(Action.KEY_CREATED, ids.show(ids.KEY, key.id), name=key.name, role=key.role, tenant=key.tenant)
    db.session.commit()
    return jsonify(Key().dump(key) | {"key": plain})


@blueprint.get("/keys")
@blueprint.response(200, KeyList)
def list_keys() -> dict[str, Sequence[tables.ApiKey]]:
    """List all keys, revoked ones too."""
    return {"data": api_keys.list_all(db.session())}


@blueprint.delete("/keys/<key_id>")
@blueprint.response(200, Key)
def revoke_key(key_id: str) -> tables.ApiKey:
    """Revoke a key.

    It stops working within five seconds.
    """
    key = api_keys.revoke(db.session(), key_id)
    audit.note(Action.KEY_REVOKED, key_id, name=key.name)
    db.session.commit()
    return key
