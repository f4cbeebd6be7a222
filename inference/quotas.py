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
from schemas.states import BatchStatus, UploadStatus
from schemas.tables import ApiKey, Batch, Chunk, File, Upload
from schemas.tables.base import now

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


def check_pending(session: Session, tenant: str, limit: int, adding: int = 1) -> None:
    """Refuse another batch, of so many requests at least, while too many of the tenant have no answer yet.

    A batch in validation counts as one request, the least it can have: `check_room` comes when its length is known.
    """
    if not limit:
        return
    pending = _pending(session, tenant) + _validating(session, tenant)
    if pending + adding > limit:
        message = f"{pending} batch requests are waiting or running, and {limit} are allowed."
        advice = "Try again later." if adding == 1 else f"{adding} more do not fit."
        raise QuotaExceeded(f"{message} {advice}", retry_after_seconds=PENDING_RETRY_SECONDS)


def check_room(session: Session, batch: Batch, adding: int) -> None:
    """Refuse the requests of a batch that its key's tenant may not have waiting beside the others."""
    key = session.get(ApiKey, batch.key_id) if batch.key_id else None
    limit = settings().pending_requests if key is None else limits_of(key).pending_requests
    if not limit:
        return
    _one_at_a_time(session, batch.tenant)
    pending = _pending(session, batch.tenant)
    if pending + adding > limit:
        message = f"The batch has {adding} requests, {pending} others are waiting or running, and {limit} are allowed."
        advice = "Split it." if adding > limit else "Create it again when some of them are done."
        raise QuotaExceeded(f"{message} {advice}", retry_after_seconds=PENDING_RETRY_SECONDS)


def _pending(session: Session, tenant: str) -> int:
    requests = select(func.coalesce(func.sum(Chunk.total - Chunk.completed - Chunk.failed), 0))
    of_tenant = requests.join(Batch, Batch.id == Chunk.batch_id).where(Batch.tenant == tenant, Batch.ended_at.is_(None))
    return session.scalars(of_tenant).one()


def _validating(session: Session, tenant: str) -> int:
    live = (Batch.status == BatchStatus.VALIDATING, Batch.ended_at.is_(None))
    return session.scalars(select(func.count()).where(Batch.tenant == tenant, *live)).one()


def _one_at_a_time(session: Session, tenant: str) -> None:
    """From here to the end of the transaction: of two that fit alone but not together, the second sees the first."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"quotas of {tenant}", 0))))


def check_stored(session: Session, tenant: str, limit: int, adding: int) -> None:
    """Refuse a file that would take the tenant over what it may keep. Uploads under way have their room reserved."""
    if not limit:
        return
    _one_at_a_time(session, tenant)
    taken = _stored(session, tenant) + _reserved(session, tenant)
    if taken + adding > limit:
        message = f"{taken} bytes are stored or announced and {limit} are allowed: {adding} more do not fit."
        raise QuotaExceeded(f"{message} Please delete files.", retry_after_seconds=STORED_RETRY_SECONDS)


def _stored(session: Session, tenant: str) -> int:
    kept = (File.tenant == tenant, File.deleted_at.is_(None), File.purged_at.is_(None))
    return session.scalars(select(func.coalesce(func.sum(File.bytes), 0)).where(*kept)).one()


def _reserved(session: Session, tenant: str) -> int:
    open_still = (Upload.tenant == tenant, Upload.status == UploadStatus.PENDING, Upload.expires_at > now())
    return session.scalars(select(func.coalesce(func.sum(Upload.bytes), 0)).where(*open_still)).one()
