"""Celery's own processes, on the test's databases."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from redis import Redis

from tasks.app import app


@pytest.fixture
def broker(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(app.conf, "broker_url", valkey_url)
    with closing(Redis.from_url(valkey_url)) as redis:
        yield redis


@contextmanager
def celery(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery process with the settings of this test, until the block ends."""
    process = subprocess.Popen([sys.executable, "-m", "celery", "--app=tasks.app", *words])
    try:
        yield process
    finally:
        process.kill()
        process.wait()
