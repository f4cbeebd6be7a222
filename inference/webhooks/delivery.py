"""Making the deliveries that are due. No transaction is open while a receiver takes its time."""

import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from inference.webhooks import outbox, retries, sender, signing
from schemas import ids
from schemas.database import OpenSession
from schemas.settings import settings
from schemas.tables import Event, Webhook, WebhookDelivery
from schemas.tables.base import now

log = logging.getLogger(__name__)

AT_ONCE: Final = 16
# What the sweep starts again a few seconds later need not go on for ever.
LONGEST_RUN_SECONDS: Final = 60.0
# What a try takes beside the receiver's time: reading, signing, writing down.
LEASE_MARGIN: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Delivery:
    id: UUID
    # Which try this is, from 1 on.
    attempt: int
    event_id: str
    payload: bytes
    url: str
    secret: str


def deliver_due(open_session: OpenSession) -> int:
    """Make every delivery that is due, a few at a time; returns how many tries that were."""
    tries, stop_at = 0, time.monotonic() + LONGEST_RUN_SECONDS
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        while time.monotonic() < stop_at and (claimed := claim(open_session, AT_ONCE)):
            # Going through the results lets an error of ours be raised here.
            tries += len(list(pool.map(partial(deliver, open_session), claimed)))
    return tries


def claim(open_session: OpenSession, limit: int) -> list[Delivery]:
    """Take deliveries and put their next try off, so that nobody else makes them and a crash loses none."""
    moment = now()
    lease = moment + timedelta(seconds=settings().webhook_timeout_seconds) + LEASE_MARGIN
    due = (
        select(WebhookDelivery, Event, Webhook)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.next_attempt_at <= moment)
        .order_by(WebhookDelivery.next_attempt_at)
        .limit(limit)
        .with_for_update(of=WebhookDelivery, skip_locked=True)
    )
    with open_session() as session:
        rows = session.execute(due).all()
        for delivery, _, _ in rows:
            delivery.attempts += 1
            delivery.next_attempt_at = lease
        return [_delivery(*row) for row in rows]


def deliver(open_session: OpenSession, delivery: Delivery) -> None:
    """One try, and its outcome in the table."""
    wanted = settings()
    sent_at = now()
    outcome = sender.post(
        delivery.url,
        delivery.payload,
        signing.signed_headers(delivery.secret, delivery.event_id, sent_at, delivery.payload),
        timeout_seconds=wanted.webhook_timeout_seconds,
        allow_private=wanted.webhook_allow_private,
    )
    decision = retries.decide(outcome, delivery.attempt, wanted.webhook_attempts, random.random())
    if not decision.delivered:
        log.warning("webhook event %s, try %d: %s", delivery.event_id, delivery.attempt, decision.error)
    with open_session() as session:
        _write_down(session, delivery, decision)


def _write_down(session: Session, delivery: Delivery, decision: retries.Decision) -> None:
    # A lease that ran out meanwhile gave the delivery to somebody else, and deleting its webhook took it away.
    still_ours = (
        WebhookDelivery.id == delivery.id,
        WebhookDelivery.attempts == delivery.attempt,
        WebhookDelivery.next_attempt_at.is_not(None),
    )
    values = {
        "delivered_at": now() if decision.delivered else None,
        "next_attempt_at": None if decision.wait is None else now() + decision.wait,
        "last_error": decision.error,
    }
    session.execute(update(WebhookDelivery).where(*still_ours).values(values))


def _delivery(delivery: WebhookDelivery, event: Event, webhook: Webhook) -> Delivery:
    return Delivery(
        id=delivery.id,
        attempt=delivery.attempts,
        event_id=ids.show(ids.EVENT, event.id),
        payload=outbox.payload(event),
        url=webhook.url,
        secret=webhook.secret,
    )
