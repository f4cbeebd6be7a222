import io

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from inference import api_keys, files, quotas
from schemas.errors import QuotaExceeded
from schemas.ids import new_id
from schemas.settings import settings
from schemas.states import Role


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
