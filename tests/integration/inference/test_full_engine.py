"""While work is due, requests wait at the engine, and never the engine for requests."""

import random

import pytest

from inference import runner
from inference.engines.base import Answer
from inference.engines.stub import StubEngine
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, running, submit

AT_ONCE = 8
WINDOW = 8 * AT_ONCE
BATCHES, LINES = 3, 150

pytestmark = pytest.mark.usefixtures("database_url")


class Watched(StubEngine):
    """Remembers, each time it is done with a request, how many it still has."""

    def __init__(self) -> None:
        super().__init__({"ms_per_token": "2", "concurrency": str(AT_ONCE)})
        self.at_engine = 0
        self.left: list[int] = []

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        self.at_engine += 1
        try:
            return await super().answer(endpoint, body)
        finally:
            self.at_engine -= 1
            self.left.append(self.at_engine)


def test_requests_wait_at_the_engine_over_the_ends_of_chunks_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBS_CHUNK_SIZE", "50")
    forget_settings()
    chance = random.Random(4)
    for number in range(BATCHES):
        lengths = [chance.choice([5, 10, 20, 100]) for _ in range(LINES)]
        submit(as_jsonl([chat_line(f"{number}-{n}", max_tokens=length) for n, length in enumerate(lengths)]))
    engine = Watched()
    with running(engine, window=WINDOW) as host:
        host.submit(runner.work_through(host, lambda _: None)).result(60)
    assert len(engine.left) == BATCHES * LINES
    # From the first moments until the last requests are at the engine.
    assert min(engine.left[AT_ONCE:-WINDOW]) >= AT_ONCE
