"""Deliveries beside a worker's other work."""

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from cli.processes import wait_until
from inference.webhooks import outbox, subscriptions
from schemas.settings import settings
from schemas.tables import Batch
from tasks import dispatch
from tests.integration.inference.batch_fixtures import as_jsonl, batch, chat_line, submit
from tests.integration.inference.webhooks.receiver import running, silence
from tests.integration.tasks.conftest import celery

START_SECONDS = 30
# Far longer than the test waits for anything else.
HANGS_SECONDS = 60
WORKER = ("worker", "--pool=threads", "--concurrency=4", "--queues=default,webhooks", "--without-mingle")

pytestmark = pytest.mark.usefixtures("database_url")


def test_receivers_that_hang_hold_one_thread_of_a_worker_and_batches_are_validated_meanwhile(
    session: Session, broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBS_WEBHOOK_ALLOW_PRIVATE", "1")
    monkeypatch.setenv("VBS_WEBHOOK_TIMEOUT_SECONDS", str(HANGS_SECONDS))
    settings.cache_clear()
    with running() as receiver, celery(*WORKER):
        receiver.answers = [silence(HANGS_SECONDS)]
        for number in range(1, 9):
            tell(session, receiver.url)
            dispatch.deliver_webhooks()
            assert wait_until(lambda: broker.llen("webhooks") == 0, START_SECONDS), f"message {number} waits"
        assert len(receiver.received) == 1
        late = submit(as_jsonl([chat_line("c-1")]), validate=False)
        dispatch.validate_batch(late)
        assert wait_until(lambda: batch(late).status == "in_progress", 5)


def tell(session: Session, url: str) -> None:
    """An event, and a receiver that wants to know."""
    ended = session.get_one(Batch, submit(as_jsonl([chat_line("c-1")])))
    subscriptions.create_for_batch(session, ended, url)
    outbox.record(session, ended, "batch.completed")
    session.commit()
