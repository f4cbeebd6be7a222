"""The outbox: an event is written in the transaction that makes it true, and told about afterwards."""

import orjson
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inference.webhooks import subscriptions
from schemas import ids
from schemas.tables import Batch, Event, WebhookDelivery
from schemas.tables.base import now


def record(session: Session, batch: Batch, type: str) -> None:
    """Write down, once, what became of a batch, and whom to tell."""
    session.flush()
    row = {"id": ids.new_id(), "tenant": batch.tenant, "type": type, "batch_id": batch.id, "created_at": now()}
    added = session.scalar(insert(Event).values(row).on_conflict_do_nothing().returning(Event.id))
    if added is None:
        return
    for webhook in subscriptions.for_batch(session, batch):
        if not webhook.events or type in webhook.events:
            session.add(WebhookDelivery(event_id=added, webhook_id=webhook.id))
    session.flush()


def payload(event: Event) -> bytes:
    """The body, the same at each try."""
    return orjson.dumps(
        {
            "id": ids.show(ids.EVENT, event.id),
            "object": "event",
            "type": event.type,
            "created_at": int(event.created_at.timestamp()),
            "data": {"id": ids.show(ids.BATCH, event.batch_id)},
        }
    )
