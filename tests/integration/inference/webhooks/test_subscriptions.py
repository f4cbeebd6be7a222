import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inference.webhooks import outbox, subscriptions
from schemas import ids
from schemas.errors import RequestInvalid, WebhookNotFound, WebhookTargetRefused
from schemas.tables import ApiKey, Batch, Event, WebhookDelivery
from tests.integration.inference.webhooks.conftest import add_batch

URL = "https://198.51.100.7.nip.invalid/hook"


def shown(webhook_id: object) -> str:
    return ids.show(ids.WEBHOOK, webhook_id)  # type: ignore[arg-type]


def test_a_batch_tells_its_own_webhooks_and_those_of_its_key(session: Session, api_key: ApiKey, batch: Batch) -> None:
    own = subscriptions.create_for_batch(session, batch, URL)
    of_key = subscriptions.create(session, "acme", api_key.id, URL)
    other_batch = add_batch(session, api_key)
    subscriptions.create_for_batch(session, other_batch, URL)
    assert {webhook.id for webhook in subscriptions.for_batch(session, batch)} == {own.id, of_key.id}


def test_a_batch_without_a_key_tells_only_its_own_webhooks(session: Session, batch: Batch) -> None:
    subscriptions.create_for_batch(session, batch, URL)
    keyless = add_batch(session, None)
    own = subscriptions.create_for_batch(session, keyless, URL)
    assert [webhook.id for webhook in subscriptions.for_batch(session, keyless)] == [own.id]


def test_the_list_has_the_webhooks_of_the_tenant_and_no_others(session: Session, api_key: ApiKey, batch: Batch) -> None:
    mine = subscriptions.create(session, "acme", api_key.id, URL)
    subscriptions.create(session, "somebody else", None, URL)
    subscriptions.create_for_batch(session, batch, URL)
    assert [webhook.id for webhook in subscriptions.list_for(session, "acme")] == [mine.id]


def test_a_deleted_webhook_is_not_told_even_of_what_is_under_way(
    session: Session, api_key: ApiKey, batch: Batch
) -> None:
    webhook = subscriptions.create(session, "acme", api_key.id, URL)
    outbox.record(session, batch, "batch.completed")
    subscriptions.delete(session, "acme", shown(webhook.id))
    assert session.scalars(select(WebhookDelivery.next_attempt_at)).all() == [None]
    assert subscriptions.for_batch(session, batch) == []
    with pytest.raises(WebhookNotFound):
        subscriptions.delete(session, "acme", shown(webhook.id))


def test_a_webhook_of_another_tenant_cannot_be_deleted(session: Session, api_key: ApiKey) -> None:
    webhook = subscriptions.create(session, "acme", api_key.id, URL)
    with pytest.raises(WebhookNotFound):
        subscriptions.delete(session, "somebody else", shown(webhook.id))


def test_an_unknown_event_a_bad_secret_and_a_private_target_are_refused(session: Session, api_key: ApiKey) -> None:
    with pytest.raises(RequestInvalid, match=r"batch\.started"):
        subscriptions.create(session, "acme", api_key.id, URL, events=["batch.started"])
    with pytest.raises(RequestInvalid, match="whsec_"):
        subscriptions.create(session, "acme", api_key.id, URL, secret="guess me")
    with pytest.raises(WebhookTargetRefused):
        subscriptions.create(session, "acme", api_key.id, "https://127.0.0.1/")


def test_an_event_is_recorded_once_however_often_it_is_told(session: Session, api_key: ApiKey, batch: Batch) -> None:
    subscriptions.create(session, "acme", api_key.id, URL)
    for _ in range(3):
        outbox.record(session, batch, "batch.completed")
    assert len(session.scalars(select(Event)).all()) == 1
    assert len(session.scalars(select(WebhookDelivery)).all()) == 1


def test_a_webhook_gets_only_the_events_it_named(session: Session, api_key: ApiKey, batch: Batch) -> None:
    wanting = subscriptions.create(session, "acme", api_key.id, URL, events=["batch.failed", "batch.expired"])
    outbox.record(session, batch, "batch.completed")
    assert session.scalars(select(WebhookDelivery)).all() == []
    outbox.record(session, batch, "batch.expired")
    assert session.scalars(select(WebhookDelivery.webhook_id)).all() == [wanting.id]


def test_an_event_that_is_rolled_back_was_never_there(session: Session, api_key: ApiKey, batch: Batch) -> None:
    subscriptions.create(session, "acme", api_key.id, URL)
    session.commit()
    outbox.record(session, batch, "batch.completed")
    session.rollback()
    assert session.scalars(select(Event)).all() == []
    assert session.scalars(select(WebhookDelivery)).all() == []
