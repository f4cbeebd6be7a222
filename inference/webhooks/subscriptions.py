"""Who wants to know about which batches."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from inference.webhooks import signing, targets
from schemas import ids
from schemas.errors import RequestInvalid, WebhookNotFound
from schemas.settings import settings
from schemas.tables import Batch, Webhook, WebhookDelivery
from schemas.tables.base import now

EVENT_TYPES: Final = ("batch.completed", "batch.failed", "batch.expired", "batch.cancelled")


def create(
    session: Session, tenant: str, key_id: UUID | None, url: str, secret: str | None = None, events: Sequence[str] = ()
) -> Webhook:
    """Tell this URL about every batch that the key creates; about these events only, where any are named."""
    unknown = [event for event in events if event not in EVENT_TYPES]
    if unknown:
        raise RequestInvalid(f"There is no event '{unknown[0]}', only {', '.join(EVENT_TYPES)}.", param="events")
    return _add(session, Webhook(tenant=tenant, key_id=key_id, url=url, events=list(events)), secret)


def create_for_batch(session: Session, batch: Batch, url: str, secret: str | None = None) -> Webhook:
    """Tell this URL about one batch."""
    return _add(session, Webhook(tenant=batch.tenant, batch_id=batch.id, url=url, events=[]), secret)


def of_batch(session: Session, batch: Batch) -> Webhook | None:
    """The one that came with the batch."""
    own = select(Webhook).where(Webhook.batch_id == batch.id, Webhook.deleted_at.is_(None))
    return session.scalars(own.order_by(Webhook.id)).first()


def for_batch(session: Session, batch: Batch) -> Sequence[Webhook]:
    """The batch's own webhooks and those of the key that created it."""
    # A batch without a key must not match webhooks without one, which are those of other batches.
    of_key = and_(Webhook.key_id == batch.key_id, Webhook.key_id.is_not(None), Webhook.tenant == batch.tenant)
    wanted = select(Webhook).where(Webhook.deleted_at.is_(None), or_(Webhook.batch_id == batch.id, of_key))
    return session.scalars(wanted.order_by(Webhook.id)).all()


def list_for(session: Session, tenant: str) -> Sequence[Webhook]:
    """The tenant's webhooks, but for those of single batches, which are part of their batch."""
    wanted = select(Webhook).where(Webhook.tenant == tenant, Webhook.deleted_at.is_(None), Webhook.batch_id.is_(None))
    return session.scalars(wanted.order_by(Webhook.id)).all()


def delete(session: Session, tenant: str, webhook_id: str) -> Webhook:
    """Stop telling this receiver, of what is under way too."""
    webhook = session.get(Webhook, ids.parse(ids.WEBHOOK, webhook_id, WebhookNotFound))
    if webhook is None or webhook.tenant != tenant or webhook.deleted_at is not None:
        raise WebhookNotFound(webhook_id)
    webhook.deleted_at = now()
    under_way = update(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    session.execute(under_way.values(next_attempt_at=None))
    session.flush()
    return webhook


def _add(session: Session, webhook: Webhook, secret: str | None) -> Webhook:
    targets.check_target(webhook.url, allow_private=settings().webhook_allow_private)
    webhook.secret = signing.new_secret() if secret is None else signing.check_secret(secret)
    session.add(webhook)
    session.flush()
    return webhook
