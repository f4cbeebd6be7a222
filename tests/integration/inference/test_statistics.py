"""What PostgreSQL believes of a batch that is younger than its statistics: that it has one row."""

from datetime import timedelta

from sqlalchemy import create_engine, text, update

from cli.processes import wait_until
from inference import finaliser, retry
from inference.quotas import Limits
from schemas import ids
from schemas.database import driver_url, session_scope
from schemas.tables import Batch
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, progress, submit, worker

REQUESTS = 6000
NO_LIMITS = Limits(requests_per_minute=0, pending_requests=0, stored_bytes=0)


def entries_read(database_url: str) -> int:
    """How many entries of the results' index were read since the database was made."""
    engine = create_engine(driver_url(database_url))
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        read = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'pk_results'"
        count = connection.scalar(text(read))
    engine.dispose()
    return int(count or 0)


def analyze() -> None:
    with session_scope() as session:
        session.execute(text("ANALYZE"))


def test_no_request_looks_at_more_than_its_own_result(database_url: str) -> None:
    submit(as_jsonl([chat_line(f"c-{n}") for n in range(REQUESTS)]))
    with worker() as gpu:
        gpu.work()
        analyze()
        batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(REQUESTS)]))
        running = gpu.start_work()
        assert wait_until(lambda: progress(batch_id).completed >= REQUESTS // 2, 30, every_seconds=0.01)
        with session_scope() as session:
            session.execute(update(Batch).where(Batch.id == batch_id).values(expires_at=now() - timedelta(seconds=1)))
        running.result(10)
    assert finaliser.finalise(batch_id) == "expired"
    with session_scope() as session:
        retry.retry(session, "acme", ids.show(ids.BATCH, batch_id), None, NO_LIMITS)
    # Both batches are read by the worker, and by what writes their files.
    assert entries_read(database_url) < 10 * REQUESTS
