"""Servers that refuse: some requests, all of them, or all for a while."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from inference import overload, sweep
from inference.engine_host import EngineHost
from inference.engines.base import Answer
from inference.engines.refusals import refusal
from inference.engines.stub import StubEngine
from inference.runner import work_through
from schemas.database import session_scope
from schemas.tables import Chunk
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import (
    MODEL,
    OTHER_MODEL,
    as_jsonl,
    chat_line,
    leased,
    progress,
    running,
    submit,
)

AN_HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("database_url")


class RefusingEngine(StubEngine):
    """Refuses what holds one of these words, and keeps count."""

    def __init__(
        self,
        *words: str,
        retry_after_seconds: float | None = None,
        takes_seconds: float = 0.0,
        answer_takes_seconds: float = 0.0,
    ) -> None:
        super().__init__({"concurrency": "4"})
        self.words = words
        self.retry_after_seconds = retry_after_seconds
        self.takes_seconds = takes_seconds
        self.answer_takes_seconds = answer_takes_seconds
        self.refused = 0

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        if any(word.encode() in body for word in self.words):
            self.refused += 1
            await asyncio.sleep(self.takes_seconds)
            return refusal(429, "busy", retry_after_seconds=self.retry_after_seconds)
        await asyncio.sleep(self.answer_takes_seconds)
        return await super().answer(endpoint, body)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "PATIENCE_SECONDS", 1.0)


def test_requests_that_are_always_refused_leave_their_places_to_others_and_are_asked_again_later() -> None:
    """Twenty chunks, each with one such request: more than places, and more than runs at a time."""
    refused = [submit(as_jsonl([chat_line("bad", "refuse me"), chat_line("good")])) for _ in range(20)]
    engine = RefusingEngine("refuse me")
    with running(engine) as host:
        assert work(host) == 20
        after = submit(as_jsonl([chat_line(f"c-{n}") for n in range(100)]))
        assert work(host) == 1
        assert progress(after).completed == 100
        assert engine.refused >= 40
        assert [(progress(one).completed, progress(one).failed) for one in refused] == [(1, 0)] * 20
        assert due_chunks() == 0
        engine.words = ()
        rested()
        assert due_chunks() == 20
        assert work(host) == 20
    assert [progress(one).completed for one in refused] == [2] * 20


def test_a_server_that_refuses_everything_is_left_alone_and_another_model_is_served() -> None:
    overloaded = submit(as_jsonl([chat_line(f"c-{n}", "refuse me") for n in range(500)]))
    other = submit(as_jsonl([chat_line(f"c-{n}", model=OTHER_MODEL) for n in range(50)]))
    engine = RefusingEngine("refuse me")
    with running(engine) as host:
        work(host)
        assert progress(other).completed == 50
        # The places at the engine were all it got of the batch, for a few tries each.
        assert engine.refused < 100
        assert MODEL not in host.loadable()
        assert progress(overloaded).completed == 0
    with session_scope() as session:
        assert session.scalars(select(Chunk.not_before).where(Chunk.batch_id == overloaded)).first() is not None


def test_operators_see_what_a_worker_waits_for() -> None:
    submit(as_jsonl([chat_line(f"c-{n}", "refuse me") for n in range(500)]))
    with running(RefusingEngine("refuse me")) as host:
        work(host)
        assert host.visible_detail == f"{MODEL} is refused with status 429, next try in 15 s"


def test_requests_that_are_refused_first_do_not_keep_those_behind_them_from_being_asked() -> None:
    """As many as there are places, in a file that has them first."""
    lines = [chat_line(f"bad-{n}", "refuse me") for n in range(8)] + [chat_line(f"good-{n}") for n in range(72)]
    batch_id = submit(as_jsonl(lines))
    engine = RefusingEngine("refuse me")
    with running(engine) as host:
        for _ in range(8):
            work(host)
            rested()
            host.served()
    assert progress(batch_id).completed == 72


def test_a_server_that_refuses_slowly_is_left_alone_too() -> None:
    submit(as_jsonl([chat_line(f"c-{n}", "refuse me") for n in range(500)]))
    other = submit(as_jsonl([chat_line(f"c-{n}", model=OTHER_MODEL) for n in range(50)]))
    with running(RefusingEngine("refuse me", takes_seconds=0.5)) as host:
        work(host)
    assert progress(other).completed == 50


def test_long_answers_are_seen_out_while_a_server_refuses_all_else() -> None:
    batch_id = submit(as_jsonl([chat_line("slow"), *(chat_line(f"c-{n}", "refuse me") for n in range(99))]))
    with running(RefusingEngine("refuse me", answer_takes_seconds=3)) as host:
        assert work(host) == 1
    assert progress(batch_id).completed == 1


def test_a_rest_from_a_clock_that_was_set_back_is_none() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    with session_scope() as session:
        session.execute(update(Chunk).values(not_before=now() + timedelta(days=1)))
    assert due_chunks() == 1
    with running(RefusingEngine()) as host:
        assert work(host) == 1
    assert progress(batch_id).completed == 1


def test_a_server_that_asks_for_an_hour_keeps_nobody_waiting() -> None:
    batch_id = submit(as_jsonl([chat_line("bad", "refuse me"), chat_line("good")]))
    engine = RefusingEngine("refuse me", retry_after_seconds=3600)
    with running(engine) as host:
        work(host)
    assert (progress(batch_id).completed, engine.refused) == (1, 1)
    with session_scope() as session:
        chunk = session.get_one(Chunk, (batch_id, 0))
        assert (chunk.state, chunk.deaths, chunk.rests) == ("waiting", 0, 1)


def test_what_was_refused_in_vain_comes_after_what_was_not() -> None:
    refused = submit(as_jsonl([chat_line("bad", "refuse me")]))
    with running(RefusingEngine("refuse me")) as host:
        for _ in range(2):
            work(host)
            rested()
            host.served()
    assert rests_of(refused) == 2
    fresh = submit(as_jsonl([chat_line("only")]))
    claims = [leased() for _ in range(2)]
    assert [claim.batch_id for claim in claims if claim] == [fresh, refused]


def work(host: EngineHost) -> int:
    return int(host.submit(work_through(host, lambda _: None)).result(60))


def due_chunks() -> int:
    with session_scope() as session:
        return sweep.find_due(session).chunks


def rested() -> None:
    """The time of rest is over."""
    with session_scope() as session:
        session.execute(
            update(Chunk).where(Chunk.not_before.is_not(None)).values(not_before=Chunk.not_before - AN_HOUR)
        )


def rests_of(batch_id: UUID) -> int:
    with session_scope() as session:
        return session.get_one(Chunk, (batch_id, 0)).rests
