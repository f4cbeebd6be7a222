"""Who may run a chunk, and who hears that a batch may end."""

import time
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import update

from cli.processes import wait_until
from inference import claiming
from inference.claiming import COPY_RESULTS, Claim, Outcome
from inference.landing import Finished, Landing
from inference.result_lines import result_row
from schemas.database import session_scope
from schemas.errors import LeaseLost
from schemas.tables import Batch, Chunk
from schemas.tables.base import now
from tests.integration.inference import batch_fixtures
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, submit


@pytest.mark.usefixtures("database_url")
def test_of_two_workers_that_end_a_batch_in_the_same_moment_one_hears_of_it() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(200)]))
    claims = []
    for worker in ("gpu0", "gpu1"):
        claim = leased(worker)
        claims.append(claim)
        with session_scope() as session:
            claiming.land(session, claim, Landing(completed=100), 20)
    with session_scope() as first, session_scope() as second:
        claiming.end_lease(first, claims[0])
        claiming.end_lease(second, claims[1])
    with session_scope() as session:
        assert claiming.may_end(session, batch_id)


@pytest.mark.usefixtures("database_url")
def test_a_write_under_an_older_lease_is_refused() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    lapsed = leased("gpu0")
    expire_leases()
    with session_scope() as session:
        claiming.release_stale(session, 20)
    present = leased("gpu1")
    with pytest.raises(LeaseLost), session_scope() as session:
        claiming.land(session, lapsed, answer_of(batch_id), 20)
    with session_scope() as session:
        claiming.reach(session, lapsed, 1)
        claiming.acquit(session, lapsed)
        claiming.end_lease(session, lapsed, Outcome(died_at=1))
    with session_scope() as session:
        chunk = session.get_one(Chunk, (batch_id, 0))
        assert (chunk.state, chunk.worker, chunk.reached, chunk.deaths) == ("leased", "gpu1", 0, 0)
        assert claiming.land(session, present, answer_of(batch_id), 20)


def test_a_landing_that_its_worker_does_not_go_on_with_is_ended_by_the_sweep(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a worker leaves it that is stopped by a signal, or by whoever moves its machine."""
    batch_id = submit(as_jsonl([chat_line("only")]))
    monkeypatch.setattr(claiming, "STUCK_SECONDS", 0.5)
    lapsed = leased("gpu0")
    expire_leases()
    with ExitStack() as stack:
        # Its end can be no other than an error.
        stack.enter_context(pytest.raises(psycopg.OperationalError))
        stopped = stack.enter_context(psycopg.connect(database_url))
        stopped.execute("UPDATE chunks SET completed = 1")
        copy = stack.enter_context(stopped.cursor().copy(COPY_RESULTS.encode()))
        copy.write(b"".join(answer_of(batch_id).rows[0]))
        assert wait_until(lambda: took_back(lapsed), 10)
        for _ in range(3):
            copy.write(b"".join(answer_of(batch_id).rows[0]))
            time.sleep(0.2)


def took_back(claim: Claim) -> bool:
    with session_scope() as session:
        claiming.release_stale(session, 20)
        return session.get_one(Chunk, (claim.batch_id, claim.number)).state == "waiting"


@pytest.mark.usefixtures("database_url")
def test_a_lease_from_a_clock_that_was_set_back_ends_like_any_other() -> None:
    batch_id = submit(as_jsonl([chat_line("only")]))
    leased("gpu0")
    with session_scope() as session:
        session.execute(update(Chunk).values(lease_expires_at=now() + timedelta(seconds=150)))
    with session_scope() as session:
        claiming.release_stale(session, 20)
    with session_scope() as session:
        left = session.get_one(Chunk, (batch_id, 0)).lease_expires_at - now()  # type: ignore[operator]
    assert timedelta(seconds=15) < left <= timedelta(seconds=20)


@pytest.mark.usefixtures("database_url")
def test_what_killed_engines_waits_for_healthy_work_but_not_until_its_window_is_over() -> None:
    suspect = submit(as_jsonl([chat_line("suspect")]), completion_window="2h")
    with session_scope() as session:
        session.execute(update(Chunk).values(deaths=2))
    healthy = submit(as_jsonl([chat_line("healthy")]))
    assert leased("gpu0").batch_id == healthy
    expire_leases()
    with session_scope() as session:
        claiming.release_stale(session, 20)
        session.execute(update(Batch).where(Batch.id == suspect).values(expires_at=now() + timedelta(minutes=50)))
    assert leased("gpu0").batch_id == suspect


def leased(worker: str) -> Claim:
    claim = batch_fixtures.leased(worker)
    assert claim
    return claim


def expire_leases() -> None:
    with session_scope() as session:
        session.execute(update(Chunk).values(lease_expires_at=now() - timedelta(seconds=1)))


def answer_of(batch_id: UUID) -> Landing:
    landing = Landing()
    landing.add(Finished([result_row(batch_id, 1, succeeded=True, answer=b"{}")], True))
    return landing
