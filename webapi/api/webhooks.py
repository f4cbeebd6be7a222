"""`/v1/webhooks`: where to tell about the end of batches."""

from collections.abc import Sequence
from typing import Any

from inference.webhooks import subscriptions
from schemas import tables
from schemas.wire.webhooks import NewWebhook, WebhookCreate, WebhookDeleted, WebhookList
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.database import db

blueprint = Blueprint("webhooks", __name__, "Who is told when a batch ends.")


@blueprint.post("/webhooks")
@blueprint.arguments(WebhookCreate)
@blueprint.response(200, NewWebhook)
def create_webhook(wanted: dict[str, Any]) -> tables.Webhook:
    """Be told about every batch that this key creates.

    The secret that deliveries are signed with is in this answer only.
    """
    webhook = subscriptions.create(db.session(), tenant(), caller().key_id, **wanted)
    db.session.commit()
    return webhook


@blueprint.get("/webhooks")
@blueprint.response(200, WebhookList)
def list_webhooks() -> dict[str, Sequence[tables.Webhook]]:
    """List your webhooks."""
    return {"data": subscriptions.list_for(db.session(), tenant())}


@blueprint.delete("/webhooks/<webhook_id>")
@blueprint.response(200, WebhookDeleted)
def delete_webhook(webhook_id: str) -> tables.Webhook:
    """Delete a webhook."""
    webhook = subscriptions.delete(db.session(), tenant(), webhook_id)
    db.session.commit()
    return webhook
