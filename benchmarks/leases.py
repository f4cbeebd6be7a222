"""What leases, heartbeats and saving once a second cost: the same run with and without them, sides in turn.

Without them a worker saves only when a thousand answers are there, renews no lease and has no heartbeat.
Nobody should run it that way; it is the other side of the ratio.
"""

import statistics
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from inference import worker_life
from migrations.run import upgrade
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, progress, submit, worker

ROUNDS = 15
FOR_EVER = "86400"
PROMPT = "Is this candidate, who led a team of five and shipped three products, a fit? " * 15


class Lost(NamedTuple):
    """The part of the throughput that reliability costs: over the rounds, the median and the middle half."""

    median: float
    low: float
    high: float


def share_lost(database_url: str, data_dir: Path, requests: int) -> Lost:
    upgrade(database_url)
    content = as_jsonl([chat_line(f"c-{number}", PROMPT) for number in range(requests)])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", database_url)
        environment.setenv("VBS_DATA_DIR", str(data_dir))
        _rate(content, requests)
        shares = [_share_lost_in(round_, content, requests) for round_ in range(ROUNDS)]
    forget_settings()
    low, median, high = statistics.quantiles(shares, n=4)
    return Lost(median, low, high)


def _share_lost_in(round_: int, content: bytes, requests: int) -> float:
    # Each side is first in turn: what a run leaves behind (rows to vacuum, pages to write) falls upon the next.
    if round_ % 2:
        without = _rate_without(content, requests)
        return 1 - _rate(content, requests) / without
    return 1 - _rate(content, requests) / _rate_without(content, requests)


def _rate(content: bytes, requests: int, *, beating: bool = True) -> float:
    forget_settings()
    batch_id = submit(content)
    with worker(concurrency="256") as gpu:
        if beating:
            gpu.host.submit(worker_life.beat_for_ever(gpu.host))
        began = time.perf_counter()
        gpu.work()
        took = time.perf_counter() - began
    assert progress(batch_id).completed == requests
    return requests / took


def _rate_without(content: bytes, requests: int) -> float:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VBS_FLUSH_SECONDS", FOR_EVER)
        patch.setenv("VBS_LEASE_SECONDS", FOR_EVER)
        return _rate(content, requests, beating=False)
