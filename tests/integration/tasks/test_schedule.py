"""The sweep in a real beat, with no worker to help it."""

from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import update

from cli.processes import wait_until
from curation import datasets, judgings, queue_making, runs, splits
from curation.judgings import NewJudging
from curation.queues import NewQueue
from curation.runs import NewRun
from curation.splits import NewSplit
from curation.views import View
from inference import api_keys
from schemas.database import session_scope
from schemas.ids import new_id
from schemas.states import Role
from schemas.tables import Batch, Chunk, Dataset, Import
from schemas.tables.base import now
from tasks import schedule
from tests.integration.curation.answers import dataset_of
from tests.integration.curation.judging import answered
from tests.integration.curation.runs import with_items
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, chat_line, submit
from tests.integration.tasks.conftest import celery

START_SECONDS = 20
SWEEP_SECONDS = 0.5

pytestmark = pytest.mark.usefixtures("database_url", "valkey_url")


def lease_out_silently() -> None:
    """As a worker that died with its chunk leaves it."""
    with session_scope() as session:
        over = now() - timedelta(seconds=1)
        session.execute(update(Chunk).values(state="leased", worker="gpu0", lease_expires_at=over))


def is_taken_back() -> bool:
    with session_scope() as session:
        return session.query(Chunk).filter_by(state="leased").count() == 0


def test_beat_sweeps_without_any_worker_however_often_redis_is_wiped_and_beat_is_killed(
    broker: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBS_SWEEP_SECONDS", str(SWEEP_SECONDS))
    # The database may have started a moment ago, and for that long leases are spared.
    monkeypatch.setenv("VBS_LEASE_SECONDS", "1")
    submit(as_jsonl([chat_line("c-1")]))
    for _ in range(2):
        with celery("beat", "--pidfile=", f"--schedule={tmp_path / 'beat-schedule'}"):
            for _ in range(2):
                lease_out_silently()
                broker.flushall()
                assert wait_until(is_taken_back, START_SECONDS)
                assert wait_until(lambda: broker.llen("inference") == 1, START_SECONDS)


def test_a_sweep_waits_for_nobody_who_holds_a_chunk() -> None:
    held, other = (submit(as_jsonl([chat_line("c-1")])) for _ in range(2))
    lease_out_silently()
    with session_scope() as session:
        session.query(Chunk).filter_by(batch_id=held).with_for_update().one()
        schedule.sweep_for_work()
        assert session.query(Chunk).filter_by(batch_id=other).one().state == "waiting"
    assert not is_taken_back()
    schedule.sweep_for_work()
    assert is_taken_back()


def test_sweeps_do_not_heap_up_messages_that_nobody_takes(broker: Redis) -> None:
    submit(as_jsonl([chat_line("c-1")]))
    waiting = [submit(as_jsonl([chat_line("c-1")])) for _ in range(5)]
    with session_scope() as session:
        session.execute(update(Batch).where(Batch.id.in_(waiting[:3])).values(status="validating"))
        session.execute(update(Batch).where(Batch.id.in_(waiting[3:])).values(status="cancelling"))
    for _ in range(3):
        schedule.sweep_for_work()
    assert [broker.llen(queue) for queue in ("default", "inference", "webhooks")] == [5, 1, 1]


def test_a_lease_that_ran_out_while_the_database_was_away_is_left_to_its_worker_for_a_while() -> None:
    submit(as_jsonl([chat_line("c-1")]))
    lease_out_silently()
    schedule.sweep_for_work(spare_leases=True)
    assert not is_taken_back()
    schedule.sweep_for_work()
    assert is_taken_back()


@pytest.mark.parametrize(
    ("up_seconds", "answered_after_seconds", "spared_seconds"),
    [(3600, 0.01, 0), (5, 0.01, 15), (3600, 11, 20), (-3600, 0.01, 0)],
    ids=["well", "just started", "stood still", "its clock was set back"],
)
def test_a_database_that_was_away_gives_workers_the_time_to_renew_their_leases(
    up_seconds: float, answered_after_seconds: float, spared_seconds: float
) -> None:
    assert schedule.seconds_to_spare(up_seconds, answered_after_seconds, lease_seconds=20) == spared_seconds


def test_an_import_whose_message_was_lost_is_sent_again(broker: Redis) -> None:
    batch_id = submit(as_jsonl([chat_line("c-1")]))
    with session_scope() as session:
        dataset = datasets.create(session, "acme", "Evaluations")
        silent, busy = now() - timedelta(minutes=1), now()
        for source, advanced_at in ((batch_id, silent), (new_id(), busy)):
            session.add(Import(dataset_id=dataset.id, batch_id=source, lines=1, advanced_at=advanced_at))
    broker.flushall()
    schedule.sweep_for_work()
    schedule.sweep_for_work()
    messages = [message for message in broker.lrange("default", 0, -1) if b"curation.import" in message]
    assert len(messages) == 1


def test_runs_splits_and_columns_whose_messages_were_lost_are_sent_again(broker: Redis) -> None:
    dataset = with_items(2)
    with session_scope() as session:
        key_id = api_keys.create(session, "curator", Role.CURATOR, tenant="acme")[0].id
        mine = session.get_one(Dataset, dataset.id)
        mine.refilled, mine.refilled_at = 0, now() - timedelta(minutes=1)
        for moment in (now() - timedelta(minutes=1), now()):
            runs.create(session, mine, key_id, NewRun(["stub-model"])).advanced_at = moment
            splits.create(session, mine, key_id, NewSplit("First", {"train": 1})).advanced_at = moment
    broker.flushall()
    schedule.sweep_for_work()
    messages = broker.lrange("default", 0, -1)
    tasks = (b"curation.run", b"curation.split", b"curation.columns")
    assert [sum(name in message for message in messages) for name in tasks] == [1, 1, 1]


def test_a_queue_whose_message_was_lost_is_sent_again(broker: Redis) -> None:
    with session_scope() as session:
        key_id = api_keys.create(session, "curator", Role.CURATOR, tenant="acme")[0].id
        dataset = dataset_of(session, model=["Yes.", "No."])
        for moment in (now() - timedelta(minutes=1), now()):
            new = NewQueue("Spring", View())
            queue_making.create(session, dataset, key_id, new, at_once=0).created_at = moment
    broker.flushall()
    schedule.sweep_for_work()
    assert len([message for message in broker.lrange("default", 0, -1) if b"curation.queue" in message]) == 1


def test_a_judging_whose_message_was_lost_is_sent_again(broker: Redis) -> None:
    with session_scope() as session:
        dataset = answered(session, large=["one"], small=["two"])
        key_id = api_keys.create(session, "curator", Role.CURATOR, tenant="acme")[0].id
        for moment in (now() - timedelta(minutes=1), now()):
            judgings.create(session, dataset, key_id, NewJudging(["large", "small"], MODEL)).advanced_at = moment
    broker.flushall()
    schedule.sweep_for_work()
    messages = broker.lrange("default", 0, -1)
    assert sum(b"curation.judge" in message for message in messages) == 1
