"""What leases, heartbeats and saving once a second cost: the same run with and without them, sides in turn.

Without them a worker saves only when a thousand answers are there, renews nothing and notes nothing ahead of time.
Nobody should run it that way; it is the other side of the ratio.
"""

import statistics
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from inference import unanswered
from migrations.run import upgrade
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, progress, submit, worker

ROUNDS = 7
FOR_EVER = "86400"
PROMPT = "Is this candidate, who led a team of five and shipped three products, a fit? " * 15
WITHOUT_A_NOTE = text(f"SELECT line, custom_id, body {unanswered.UNANSWERED} ORDER BY line LIMIT :at_most")


def share_lost(database_url: str, data_dir: Path, requests: int) -> float:
    """The part of the throughput that reliability costs, as a median over the rounds."""
    upgrade(database_url)
    content = as_jsonl([chat_line(f"c-{number}", PROMPT) for number in range(requests)])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", database_url)
        environment.setenv("VBS_DATA_DIR", str(data_dir))
        _rate(content, requests)
        ratios = [_rate(content, requests) / _rate_without(content, requests) for _ in range(ROUNDS)]
    forget_settings()
    return 1 - statistics.median(ratios)


def _rate(content: bytes, requests: int) -> float:
    forget_settings()
    batch_id = submit(content)
    with worker(concurrency="256") as gpu:
        began = time.perf_counter()
        gpu.work()
        took = time.perf_counter() - began
    assert progress(batch_id).completed == requests
    return requests / took


def _rate_without(content: bytes, requests: int) -> float:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VBS_FLUSH_SECONDS", FOR_EVER)
        patch.setenv("VBS_LEASE_SECONDS", FOR_EVER)
        patch.setattr(unanswered, "READ_PAGE", WITHOUT_A_NOTE)
        return _rate(content, requests)
