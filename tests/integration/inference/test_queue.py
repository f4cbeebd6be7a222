"""Whose turn it is, on real tables. The policy itself is tested without any: tests/unit/inference/test_choosing.py."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from inference import api_keys, claiming
from inference.claiming import Claim
from schemas.database import session_scope
from schemas.states import Role, WorkerState
from schemas.tables import Batch, Chunk, Worker
from schemas.tables.base import now
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import (
    MODEL,
    OTHER_MODEL,
    as_jsonl,
    chat_line,
    leased,
    progress,
    submit,
    worker,
)

pytestmark = pytest.mark.usefixtures("database_url")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("VBS_CHUNK_SIZE", "10")
    forget_settings()


def batch_of(count: int, *, model: str = MODEL, **wanted: object) -> UUID:
    return submit(as_jsonl([chat_line(f"c-{n}", model=model) for n in range(count)]), **wanted)


def done(claim: Claim) -> None:
    with session_scope() as session:
        session.execute(
            update(Chunk)
            .where(Chunk.batch_id == claim.batch_id, Chunk.number == claim.number)
            .values(completed=Chunk.total)
        )
        claiming.end_lease(session, claim)


def turns(count: int, **asker: object) -> list[Claim]:
    """One worker runs so many chunks, one after the other."""
    claims = []
    for _ in range(count):
        claim = leased(**asker)  # type: ignore[arg-type]
        assert claim
        done(claim)
        claims.append(claim)
    return claims


def test_a_small_batch_does_not_wait_for_a_large_one_that_came_before_it() -> None:
    large, small = batch_of(300), batch_of(10)
    assert [claim.batch_id for claim in turns(2)] == [small, large]


def test_keys_take_turns_by_their_weight(session: Session) -> None:
    keys = {
        name: api_keys.create(session, name, Role.USER, weight=weight)[0].id for name, weight in (("a", 1), ("b", 3))
    }
    session.commit()
    key_of = {batch_of(400, tenant=name, key_id=key_id): name for name, key_id in keys.items()}
    assert Counter(key_of[claim.batch_id] for claim in turns(40)) == {"a": 10, "b": 30}


def test_what_was_given_to_a_key_hours_ago_no_longer_counts() -> None:
    batch_of(400, tenant="a")
    turns(10)
    with session_scope() as session:
        session.execute(update(Chunk).values(released_at=now() - timedelta(hours=5)))
    others = batch_of(400, tenant="b")
    assert Counter(claim.batch_id == others for claim in turns(10)) == {True: 5, False: 5}


def test_a_deadline_that_is_near_comes_before_turns() -> None:
    batch_of(10)
    urgent = batch_of(100, completion_window="1h")
    with session_scope() as session:
        left = now() + timedelta(minutes=4)
        session.execute(update(Batch).where(Batch.id == urgent).values(expires_at=left))
    assert {claim.batch_id for claim in turns(2)} == {urgent}


def test_a_worker_keeps_the_model_that_it_holds_for_a_while() -> None:
    other, held = batch_of(10, model=OTHER_MODEL), batch_of(100)
    claims = turns(11, models=[MODEL, OTHER_MODEL], held=MODEL)
    assert [claim.batch_id for claim in claims] == [held] * 10 + [other]


def test_a_worker_ends_what_it_has_before_it_loads_another_model() -> None:
    """The other model is next, so nothing more of the held one is taken up, or it would never be its turn."""
    first, other = batch_of(40), batch_of(40, model=OTHER_MODEL, tenant="other")
    with worker(latency_ms="20", concurrency="4") as gpu:
        gpu.work()
    assert progress(first).completed == progress(other).completed == 40


def test_of_many_workers_that_ask_at_once_each_gets_a_chunk_of_its_own() -> None:
    for _ in range(20):
        batch_of(10)
    with ThreadPoolExecutor(8) as workers:
        claims = list(workers.map(lambda n: leased(f"gpu{n}"), range(20)))
    assert len({claim.batch_id for claim in claims if claim}) == 20
    assert leased() is None


def test_no_more_workers_stand_aside_for_another_model_than_it_has_chunks(session: Session) -> None:
    held, other = batch_of(400), batch_of(10, model=OTHER_MODEL, priority=1)
    for number, in_flight in enumerate((5, 1, 9)):
        session.add(Worker(name=f"gpu{number}", engine="stub", state=WorkerState.BUSY, in_flight=in_flight))
    session.commit()
    models = [MODEL, OTHER_MODEL]
    claims = [leased(f"gpu{number}", models, busy=True) for number in range(3)]
    assert [claim.batch_id if claim else None for claim in claims] == [held, None, held]
    free = leased("gpu1", models)
    assert free and free.batch_id == other
