"""Deliveries to a real receiver on loopback."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from openai import OpenAI
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cli.processes import wait_until
from inference.webhooks import delivery, outbox, subscriptions
from schemas import ids
from schemas.database import session_scope
from schemas.settings import settings
from schemas.tables import Batch, Webhook, WebhookDelivery
from schemas.tables.base import now
from tests.integration.inference.webhooks.receiver import Receiver, drip, endless_body, running, silence, status


@pytest.fixture
def webhook(session: Session, receiver: Receiver, batch: Batch) -> Webhook:
    """One event that is to be delivered to the receiver."""
    webhook = subscriptions.create_for_batch(session, batch, receiver.url)
    outbox.record(session, batch, "batch.completed")
    session.commit()
    return webhook


def row(session: Session) -> WebhookDelivery:
    session.rollback()
    return session.scalars(select(WebhookDelivery).execution_options(populate_existing=True)).one()


def send(session: Session, batch: Batch, url: str) -> WebhookDelivery:
    """Deliver one event to this URL."""
    subscriptions.create_for_batch(session, batch, url)
    outbox.record(session, batch, "batch.completed")
    session.commit()
    delivery.deliver_due(session_scope)
    return row(session)


def make_due(session: Session) -> None:
    session.execute(update(WebhookDelivery).values(next_attempt_at=now()))
    session.commit()


def test_the_official_client_unwraps_what_the_receiver_gets(
    session: Session, receiver: Receiver, webhook: Webhook, batch: Batch
) -> None:
    assert delivery.deliver_due(session_scope) == 1
    [got] = receiver.received
    client = OpenAI(api_key="unused", base_url="http://127.0.0.1:1")
    event = client.webhooks.unwrap(got.body, got.headers, secret=webhook.secret)
    assert event.type == "batch.completed"
    assert event.object == "event"
    assert event.data.id == ids.show(ids.BATCH, batch.id)
    assert event.id == got.headers["webhook-id"]
    assert abs(event.created_at - time.time()) < 60
    assert got.headers["content-type"] == "application/json"
    assert row(session).delivered_at is not None
    assert row(session).next_attempt_at is None


def test_what_is_delivered_is_not_sent_again(receiver: Receiver, webhook: Webhook) -> None:
    assert [delivery.deliver_due(session_scope) for _ in range(2)] == [1, 0]
    assert len(receiver.received) == 1


def test_a_failed_delivery_waits_and_comes_again_as_the_same_event(
    session: Session, receiver: Receiver, webhook: Webhook
) -> None:
    receiver.answers = [status(500), status(503), status(200)]
    for attempts in (1, 2):
        delivery.deliver_due(session_scope)
        waiting = row(session)
        assert waiting.attempts == attempts
        assert waiting.delivered_at is None
        assert waiting.last_error in ("The receiver answered 500.", "The receiver answered 503.")
        assert waiting.next_attempt_at is not None
        assert waiting.next_attempt_at > now() + timedelta(seconds=4)
        assert delivery.deliver_due(session_scope) == 0
        make_due(session)
    delivery.deliver_due(session_scope)
    assert row(session).delivered_at is not None
    assert row(session).last_error is None
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1
    assert len({got.body for got in receiver.received}) == 1


def test_it_is_given_up_after_the_last_try(
    session: Session, receiver: Receiver, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBS_WEBHOOK_ATTEMPTS", "2")
    settings.cache_clear()
    receiver.answers = [status(500)]
    for _ in range(3):
        delivery.deliver_due(session_scope)
        session.execute(
            update(WebhookDelivery).where(WebhookDelivery.next_attempt_at.is_not(None)).values(next_attempt_at=now())
        )
        session.commit()
    assert len(receiver.received) == 2
    assert row(session).next_attempt_at is None
    assert row(session).delivered_at is None


def test_a_receiver_that_is_gone_for_good_is_not_asked_again(
    session: Session, receiver: Receiver, webhook: Webhook
) -> None:
    receiver.answers = [status(410)]
    delivery.deliver_due(session_scope)
    assert row(session).next_attempt_at is None


def test_a_redirect_is_not_followed(session: Session, receiver: Receiver, webhook: Webhook) -> None:
    receiver.answers = [status(307, Location=receiver.url), status(200)]
    delivery.deliver_due(session_scope)
    assert len(receiver.received) == 1
    assert row(session).last_error == "The receiver answered 307."


@pytest.mark.parametrize("slow", [silence(3), drip(3)], ids=["silent", "dripping"])
def test_a_slow_receiver_is_left_after_the_time_it_has(
    session: Session, receiver: Receiver, webhook: Webhook, slow: object
) -> None:
    receiver.answers = [slow]  # type: ignore[list-item]
    started = time.monotonic()
    delivery.deliver_due(session_scope)
    assert time.monotonic() - started < 2
    assert row(session).last_error == "The receiver did not answer within 0.5 seconds."


def test_an_answer_without_end_is_not_read(session: Session, receiver: Receiver, webhook: Webhook) -> None:
    sent: list[int] = []
    receiver.answers = [endless_body(sent)]
    delivery.deliver_due(session_scope)
    assert row(session).delivered_at is not None
    assert sum(sent) < 16 * 1024**2  # what fits the buffers of the kernel


def test_a_receiver_that_is_not_there_is_tried_again_later(session: Session, receiver: Receiver, batch: Batch) -> None:
    refused = send(session, batch, "http://127.0.0.1:9/hook")
    assert "ConnectError" in (refused.last_error or "")
    assert refused.next_attempt_at is not None


def test_a_name_that_leads_to_a_private_address_by_now_is_not_connected_to(
    session: Session, receiver: Receiver, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a name whose owner points it elsewhere once it is registered."""
    receiver_by_name = f"https://localhost:{receiver.port}/hook"
    subscriptions.create_for_batch(session, batch, receiver_by_name)
    outbox.record(session, batch, "batch.completed")
    session.commit()
    monkeypatch.setenv("VBS_WEBHOOK_ALLOW_PRIVATE", "0")
    settings.cache_clear()
    delivery.deliver_due(session_scope)
    assert receiver.received == []
    assert row(session).last_error == "A webhook can't go to a private, local or reserved address."


def test_the_host_header_carries_the_name_of_the_url(session: Session, receiver: Receiver, batch: Batch) -> None:
    send(session, batch, f"http://localhost:{receiver.port}/hook?a=b")
    assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"


def test_tls_speaks_to_the_name_of_the_url_though_the_connection_is_made_by_address(
    session: Session, tls_receiver: Receiver, batch: Batch
) -> None:
    assert send(session, batch, f"https://localhost:{tls_receiver.port}/hook").delivered_at is not None
    assert tls_receiver.received[0].headers["host"] == f"localhost:{tls_receiver.port}"


def test_a_receiver_with_a_certificate_for_another_name_gets_nothing(
    session: Session, tls_receiver: Receiver, batch: Batch
) -> None:
    refused = send(session, batch, f"https://127.0.0.1:{tls_receiver.port}/hook")
    assert refused.delivered_at is None
    assert "certificate verify failed" in (refused.last_error or "")
    assert tls_receiver.received == []


def test_several_deliverers_at_once_send_each_event_once(
    session: Session, receiver: Receiver, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBS_WEBHOOK_TIMEOUT_SECONDS", "30")
    settings.cache_clear()
    for _ in range(40):
        subscriptions.create_for_batch(session, batch, receiver.url)
    outbox.record(session, batch, "batch.completed")
    session.commit()
    with ThreadPoolExecutor(4) as pool:
        tries = list(pool.map(delivery.deliver_due, [session_scope] * 4))
    assert sum(tries) == 40
    assert len(receiver.received) == 40


def test_a_delivery_whose_process_died_comes_again_when_its_lease_is_over(
    session: Session, receiver: Receiver, webhook: Webhook
) -> None:
    [lost] = delivery.claim(session_scope, 1)
    assert delivery.deliver_due(session_scope) == 0
    make_due(session)
    assert delivery.deliver_due(session_scope) == 1
    delivered = row(session).delivered_at
    # What a process that only seemed dead says afterwards changes nothing.
    receiver.answers = [status(500)]
    delivery.deliver(session_scope, lost)
    assert row(session).delivered_at == delivered


def test_no_transaction_is_open_while_the_receiver_takes_its_time(
    session: Session, receiver: Receiver, webhook: Webhook
) -> None:
    receiver.answers = [silence(0.4)]
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(delivery.deliver_due, session_scope)
        assert wait_until(lambda: bool(receiver.received), 5, every_seconds=0.01)
        locked = select(WebhookDelivery).with_for_update(nowait=True)
        assert session.scalars(locked).one().attempts == 1
        session.rollback()
        under_way.result()


def test_nobody_waits_for_a_receiver_that_hangs(
    session: Session, receiver: Receiver, webhook: Webhook, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBS_WEBHOOK_TIMEOUT_SECONDS", "4")
    settings.cache_clear()
    receiver.answers = [silence(4)]
    with running() as quick, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(delivery.deliver_due, session_scope)
        assert wait_until(lambda: len(receiver.received) == 1, 5)
        subscriptions.create_for_batch(session, batch, quick.url)
        outbox.record(session, batch, "batch.expired")
        session.commit()
        assert wait_until(lambda: len(quick.received) == 1, 2.5)
        assert not under_way.done()
        under_way.result()


def test_what_was_never_tried_comes_before_what_failed(session: Session, webhook: Webhook, batch: Batch) -> None:
    session.execute(update(WebhookDelivery).values(attempts=1))
    outbox.record(session, batch, "batch.expired")
    session.commit()
    assert [made.attempt for made in delivery.claim(session_scope, 2)] == [1, 2]
