"""Making the deliveries that are due. No transaction is open while a receiver takes its time."""

import logging
import random
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
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
# How long a delivery that became due waits beside others that are under way.
LOOK_AGAIN_SECONDS: Final = 1.0
# What the sweep starts again a few seconds later need not go on for ever.
LONGEST_RUN_SECONDS: Final = 60.0
# What a try takes beside the receiver's time: reading, signing, writing down.
LEASE_MARGIN: Final = timedelta(seconds=10)


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
    under_way: set[Future[None]] = set()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        while time.monotonic() < stop_at:
            claimed = claim(open_session, AT_ONCE - len(under_way))
            under_way |= {pool.submit(deliver, open_session, delivery) for delivery in claimed}
            if not under_way:
                break
            tries += len(claimed)
            # Who answers makes room for the next one: nobody waits for a receiver that hangs.
            done, under_way = wait(under_way, LOOK_AGAIN_SECONDS, FIRST_COMPLETED)
            _raise_errors(done)
        _raise_errors(under_way)
    return tries


def _raise_errors(done: Iterable[Future[None]]) -> None:
    """What went wrong at a receiver is in the table; this is for errors of ours."""
    for future in done:
        future.result()


def claim(open_session: OpenSession, limit: int) -> list[Delivery]:
    """Take deliveries and put their next try off, so that nobody else makes them and a crash loses none."""
    moment = now()
    lease = moment + timedelta(seconds=settings().webhook_timeout_seconds) + LEASE_MARGIN
    due = (
        select(WebhookDelivery, Event, Webhook)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.next_attempt_at <= moment)
        # What was never tried comes first: receivers that failed before hold up only their own.
        .order_by(WebhookDelivery.attempts, WebhookDelivery.next_attempt_at)
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
