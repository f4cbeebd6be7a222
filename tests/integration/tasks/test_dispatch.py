"""Wake-ups on their way through the broker."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from redis import Redis

from tasks import dispatch
from tasks.app import app


@pytest.fixture
def broker(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(app.conf, "broker_url", valkey_url)
    with closing(Redis.from_url(valkey_url)) as redis:
        yield redis


def test_wake_ups_do_not_heap_up_while_nobody_takes_them(broker: Redis) -> None:
    for _ in range(3):
        dispatch.run_chunks(5)
    assert broker.llen("inference") == 5
    dispatch.run_chunks(7)
    assert broker.llen("inference") == 7


def test_a_queue_that_was_lost_is_filled_again(broker: Redis) -> None:
    dispatch.run_chunks(5)
    broker.flushall()
    dispatch.run_chunks(5)
    assert broker.llen("inference") == 5


def test_nothing_due_wakes_nobody(broker: Redis) -> None:
    dispatch.run_chunks(0)
    assert broker.llen("inference") == 0
