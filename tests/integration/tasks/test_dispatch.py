"""Wake-ups on their way through the broker."""

import socket
import time

import pytest
from redis import Redis

from tasks import dispatch
from tasks.app import app


def test_wake_ups_do_not_heap_up_while_nobody_takes_them(broker: Redis) -> None:
    for _ in range(3):
        dispatch.run_chunks(5)
        dispatch.deliver_webhooks()
    assert broker.llen("inference") == 5
    assert broker.llen("webhooks") == 1
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


def test_a_broker_that_is_away_is_no_error_and_costs_less_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seconds_to_wake_workers("redis://127.0.0.1:1", monkeypatch) < 1


def test_a_broker_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert seconds_to_wake_workers(f"redis://127.0.0.1:{silent.getsockname()[1]}", monkeypatch) < 20


def seconds_to_wake_workers(url: str, monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(app.conf, "broker_url", url)
    began = time.monotonic()
    dispatch.run_chunks(5)
    return time.monotonic() - began
