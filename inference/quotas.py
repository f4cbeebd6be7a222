"""What a key may use: calls per minute, batch requests waiting or running, and bytes kept in files."""

import logging
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from redis import Redis, RedisError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.errors import QuotaExceeded
from schemas.settings import settings
from schemas.tables import ApiKey, Batch, Chunk, File

logger = logging.getLogger(__name__)

MINUTE: Final = 60
PENDING_RETRY_SECONDS: Final = 60
STORED_RETRY_SECONDS: Final = 3600
# How long a Redis that does not answer is left alone.
REST_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Zero means no limit."""

    requests_per_minute: int
    pending_requests: int
    stored_bytes: int


def limits_of(key: ApiKey) -> Limits:
    """The key's own limits; those of the settings where it has none."""
    names = ("requests_per_minute", "pending_requests", "stored_bytes")
    chosen = {name: getattr(key, name) for name in names}
    return Limits(**{name: getattr(settings(), name) if own is None else own for name, own in chosen.items()})


@dataclass(frozen=True, slots=True)
class Rate:
    """Where a key stands in the current minute."""

    limit: int
    used: int
    reset_seconds: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def check(self) -> None:
        if self.limit and self.used > self.limit:
            message = f"Rate limit reached: {self.limit} requests per minute. Try again in {self.reset_seconds} s."
            raise QuotaExceeded(message, retry_after_seconds=self.reset_seconds)


class RateLimiter:
    """Calls per key and minute, counted in Redis. Without Redis nobody is refused: it is a courtesy, not a lock."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._rest_until = 0.0

    def count(self, key_id: UUID, limit: int) -> Rate:
        minute, second = divmod(int(time.time()), MINUTE)
        used = self._increment(f"vbs:rate:{key_id.hex}:{minute}") if limit else 0
        return Rate(limit, used, MINUTE - second)

    def _increment(self, name: str) -> int:
        if time.monotonic() < self._rest_until:
            return 0
        try:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.incr(name)
            pipeline.expire(name, 2 * MINUTE)
            return int(pipeline.execute()[0])
        except RedisError as error:
            logger.warning("calls are not counted for %s s: %s", REST_SECONDS, error)
            self._rest_until = time.monotonic() + REST_SECONDS
            return 0


def check_pending(session: Session, tenant: str, limit: int) -> None:
    """Refuse another batch while too many requests of the tenant have no answer yet."""
    if not limit:
        return
    pending = session.scalar(
        select(func.coalesce(func.sum(Chunk.total - Chunk.completed - Chunk.failed), 0))
        .join(Batch, Batch.id == Chunk.batch_id)
        .where(Batch.tenant == tenant, Batch.ended_at.is_(None))
    )
    if pending is not None and pending >= limit:
        message = f"{pending} batch requests are waiting or running, and {limit} are allowed. Try again later."
        raise QuotaExceeded(message, retry_after_seconds=PENDING_RETRY_SECONDS)


def check_stored(session: Session, tenant: str, limit: int, adding: int) -> None:
    """Refuse a file that would take the tenant over what it may keep."""
    if not limit:
        return
    stored = session.scalar(
        select(func.coalesce(func.sum(File.bytes), 0)).where(
            File.tenant == tenant, File.deleted_at.is_(None), File.purged_at.is_(None)
        )
    )
    if stored is not None and stored + adding > limit:
        message = f"{stored} bytes are stored and {limit} are allowed: {adding} more do not fit. Please delete files."
        raise QuotaExceeded(message, retry_after_seconds=STORED_RETRY_SECONDS)
