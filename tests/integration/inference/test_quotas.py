import io
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from inference import api_keys, files, intake, quotas
from schemas.database import session_scope
from schemas.errors import QuotaExceeded
from schemas.ids import new_id
from schemas.settings import settings
from schemas.states import Role
from schemas.tables import ApiKey, Chunk, Request
from tests.integration.inference.batch_fixtures import as_jsonl, batch, chat_line, submit


def test_a_key_without_limits_has_those_of_the_settings(session: Session) -> None:
    key, _ = api_keys.create(session, "ci", Role.USER, requests_per_minute=7)
    limits = quotas.limits_of(key)
    assert (limits.requests_per_minute, limits.stored_bytes) == (7, settings().stored_bytes)


def test_calls_are_counted_per_key(valkey_url: str) -> None:
    limiter = quotas.RateLimiter(Redis.from_url(valkey_url))
    one, other = new_id(), new_id()
    counted = [limiter.count(one, 100).used for _ in range(3)]
    # A new minute may have begun in between.
    assert counted in ([1, 2, 3], [1, 2, 1], [1, 1, 2])
    assert limiter.count(other, 100).used == 1
    assert limiter.count(one, 0).used == 0


def test_counters_do_not_stay_in_redis(valkey_url: str) -> None:
    redis = Redis.from_url(valkey_url)
    quotas.RateLimiter(redis).count(new_id(), 100)
    (name,) = redis.keys()
    assert 0 < redis.ttl(name) <= 2 * quotas.MINUTE


def test_the_limit_itself_is_allowed() -> None:
    quotas.Rate(limit=3, used=3, reset_seconds=10).check()
    with pytest.raises(QuotaExceeded) as error:
        quotas.Rate(limit=3, used=4, reset_seconds=10).check()
    assert error.value.retry_after_seconds == 10


def test_stored_bytes_are_counted_per_tenant_and_zero_means_no_limit(session: Session) -> None:
    files.create(session, "acme", "a", "batch", io.BytesIO(b"a" * 100))
    quotas.check_stored(session, "acme", 150, 50)
    quotas.check_stored(session, "other", 150, 150)
    quotas.check_stored(session, "acme", 0, 10**12)
    with pytest.raises(QuotaExceeded):
        quotas.check_stored(session, "acme", 150, 51)


def key_with(session: Session, **limits: int) -> ApiKey:
    key, _ = api_keys.create(session, "acme", Role.USER, **limits)
    session.commit()
    return key


def test_a_batch_in_validation_counts_though_its_requests_are_not_known_yet(session: Session) -> None:
    for _ in range(2):
        submit(as_jsonl([chat_line("c-1")]), validate=False)
    quotas.check_pending(session, "acme", 3)
    quotas.check_pending(session, "other", 1)
    with pytest.raises(QuotaExceeded):
        quotas.check_pending(session, "acme", 2)


def test_batches_created_at_once_get_as_many_requests_as_fit_and_the_others_fail_by_name(session: Session) -> None:
    key = key_with(session, pending_requests=100)
    content = as_jsonl([chat_line(f"c-{n}") for n in range(40)])
    created = [submit(content, validate=False, key_id=key.id) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take_in, created))
    states = sorted(batch(batch_id).status for batch_id in created)
    assert states == ["failed", "failed", "in_progress", "in_progress"]
    [refused, *_] = [batch(batch_id) for batch_id in created if batch(batch_id).status == "failed"]
    [error] = refused.errors or []
    assert (error["line"], error["code"]) == (None, "quota_exceeded")
    assert error["message"].startswith("The batch has 40 requests, 80 others are waiting or running, and 100 are")
    assert session.query(Request).count() == 80


def test_what_is_answered_makes_room_for_the_next_batch(session: Session) -> None:
    key = key_with(session, pending_requests=50)
    content = as_jsonl([chat_line(f"c-{n}") for n in range(40)])
    first = submit(content, key_id=key.id)
    session.execute(update(Chunk).where(Chunk.batch_id == first).values(completed=20, failed=10))
    session.commit()
    assert batch(submit(content, key_id=key.id)).status == "in_progress"
    assert batch(submit(content, key_id=key.id)).status == "failed"


def test_a_batch_over_the_limit_says_that_it_must_be_split(session: Session) -> None:
    key = key_with(session, pending_requests=39)
    failed = batch(submit(as_jsonl([chat_line(f"c-{n}") for n in range(40)]), key_id=key.id))
    assert (failed.errors or [{}])[0]["message"].endswith("Split it.")


def take_in(batch_id: UUID) -> None:
    with session_scope() as session:
        intake.take_in(session, batch_id)
