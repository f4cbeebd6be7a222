"""Whatever happens to a batch, in whatever order and however often: it ends, once, and never changes again."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from inference import batches, claiming, finaliser, intake, retention, sweep
from inference.claiming import Claim
from inference.landing import Finished, Landing
from schemas import ids
from schemas.database import session_scope
from schemas.errors import Conflict, LeaseLost
from schemas.states import BATCH_MOVES, TERMINAL, BatchStatus
from schemas.tables import Batch, Chunk, Event, Request, Result
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, batch, chat_line, submit

LEASE_SECONDS = 20
A_MOMENT = timedelta(seconds=1)
VALID = as_jsonl([chat_line(f"c-{n}") for n in range(3)])
INVALID = b"not a request\n"
# What a batch's owner is told. Only retention's own times may change after the end.
TOLD = [column.key for column in Batch.__table__.columns if not column.key.endswith("_purged_at")]


def told(of: Batch) -> dict[str, Any]:
    return {name: getattr(of, name) for name in TOLD}


def reachable(status: BatchStatus) -> set[BatchStatus]:
    return {status}.union(*(reachable(later) for later in BATCH_MOVES[status]))


class BatchLife(RuleBasedStateMachine):
    """What callers, workers, clocks and wake-ups may do, each at any time."""

    batch_id: UUID
    last: Batch
    results: int

    def __init__(self) -> None:
        super().__init__()
        # Every lease there ever was on the chunk; all but one at most are lost.
        self.claims: list[Claim] = []

    @initialize(content=st.sampled_from([VALID, VALID, VALID, INVALID]), validate=st.sampled_from([True, True, False]))
    def create(self, content: bytes, validate: bool) -> None:
        self.batch_id = submit(content, validate=validate)
        self.last, self.results = batch(self.batch_id), 0

    @rule()
    def validate(self) -> None:
        with session_scope() as session:
            intake.take_in(session, self.batch_id)

    @rule()
    def claim(self) -> None:
        with session_scope() as session:
            claim = claiming.claim(session, "gpu0", self.batch_id, MODEL, LEASE_SECONDS)
        if claim is not None:
            assert claim.batch_id == self.batch_id
            self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), answers=st.lists(st.booleans(), max_size=3), gives_back=st.booleans())
    def run(self, data: st.DataObject, answers: list[bool], gives_back: bool) -> None:
        """By any worker that ever had the chunk."""
        claim = data.draw(st.sampled_from(self.claims))
        landing = Landing()
        for line, succeeded in zip(self._unanswered(), answers, strict=False):
            landing.add(Finished([f"{self.batch_id.hex}\t{line}\t{succeeded}\t{{}}\n".encode()], succeeded))
        with suppress(LeaseLost), session_scope() as session:
            claiming.land(session, claim, landing, LEASE_SECONDS)
        if gives_back:
            with session_scope() as session:
                claiming.end_lease(session, claim)

    @rule()
    def finalise(self) -> None:
        finaliser.finalise(self.batch_id)

    @rule(event=st.sampled_from(["cancel", "let_lease_lapse", "let_window_close", "sweep", "purge"]))
    def something_happens(self, event: str) -> None:
        """In one rule, or most batches would be cancelled before they have begun."""
        getattr(self, event)()

    def cancel(self) -> None:
        try:
            with session_scope() as session:
                batches.cancel(session, "acme", ids.show(ids.BATCH, self.batch_id))
        except Conflict:
            assert self.last.status in TERMINAL | {BatchStatus.FINALIZING}

    def let_lease_lapse(self) -> None:
        with session_scope() as session:
            held = (Chunk.batch_id == self.batch_id, Chunk.lease_expires_at.is_not(None))
            session.execute(update(Chunk).where(*held).values(lease_expires_at=now() - A_MOMENT))

    def let_window_close(self) -> None:
        with session_scope() as session:
            live = (Batch.id == self.batch_id, Batch.ended_at.is_(None))
            session.execute(update(Batch).where(*live).values(expires_at=now() - A_MOMENT))

    def sweep(self) -> None:
        with session_scope() as session:
            sweep.find_due(session)

    def purge(self) -> None:
        retention.purge(session_scope, now() + timedelta(days=40))

    @invariant()
    def it_moves_as_the_table_says_and_its_end_is_the_end(self) -> None:
        current = batch(self.batch_id)
        assert current.status in reachable(BatchStatus(self.last.status))
        assert (current.ended_at is not None) == (current.status in TERMINAL)
        results = self._count(Result)
        if self.last.status in TERMINAL:
            assert told(current) == told(self.last)
            assert results <= self.results, "retention takes results away, and nobody adds any"
        self.last, self.results = current, results

    def teardown(self) -> None:
        """Left alone, it ends, and whoever wants to know is told once."""
        self.let_window_close()
        self.let_lease_lapse()
        self.finalise()
        ended = batch(self.batch_id)
        assert ended.status in TERMINAL
        if ended.status in (BatchStatus.COMPLETED, BatchStatus.EXPIRED):
            assert ended.completed + ended.failed == ended.total
        assert self._count(Event) == 1

    def _count(self, table: type[Event] | type[Result]) -> int:
        with session_scope() as session:
            return session.scalars(select(func.count()).where(table.batch_id == self.batch_id)).one()

    def _unanswered(self) -> list[int]:
        with session_scope() as session:
            answered = select(Result.line).where(Result.batch_id == self.batch_id)
            lines = select(Request.line).where(Request.batch_id == self.batch_id, Request.line.not_in(answered))
            return list(session.scalars(lines.order_by(Request.line)))


@pytest.mark.usefixtures("database_url")
def test_a_batch_ends_once_and_never_changes_again() -> None:
    wanted = settings(
        max_examples=40,
        stateful_step_count=20,
        deadline=None,
        # To explain a failure on top of it would take minutes.
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(BatchLife, settings=wanted)


@pytest.mark.usefixtures("database_url")
def test_a_worker_that_comes_back_after_the_end_of_its_batch_adds_nothing() -> None:
    life = BatchLife()
    life.create(VALID, validate=True)
    life.claim()
    life.let_lease_lapse()
    life.let_window_close()
    life.finalise()
    with pytest.raises(LeaseLost), session_scope() as session:
        claiming.land(session, life.claims[0], Landing(), LEASE_SECONDS)
