"""Batches, the chunks they are run in, and their requests and results.

`requests` and `results` are written once, by COPY, and never updated. They carry no foreign keys: checking one
costs more than the row, and both are only ever reached through their batch.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import BatchStatus, ChunkState
from schemas.tables.base import Base, Big, Key, Small, now


class TokenCounts:
    """Over all lines."""

    input_tokens: Mapped[Big] = mapped_column(default=0)
    cached_tokens: Mapped[Big] = mapped_column(default=0)
    output_tokens: Mapped[Big] = mapped_column(default=0)
    reasoning_tokens: Mapped[Big] = mapped_column(default=0)
    # The part of the above that was computed once for several requests.
    shared_requests: Mapped[Big] = mapped_column(default=0)
    shared_input_tokens: Mapped[Big] = mapped_column(default=0)
    shared_output_tokens: Mapped[Big] = mapped_column(default=0)


class Batch(TokenCounts, Base):
    __tablename__ = "batches"
    __table_args__ = (
        Index("ix_batches_tenant_id", "tenant", "id"),
        Index("ix_batches_live", "status", postgresql_where="ended_at IS NULL"),
    )

    id: Mapped[Key]
    tenant: Mapped[str]
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    endpoint: Mapped[str]
    input_file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"))
    completion_window: Mapped[str]
    priority: Mapped[Small] = mapped_column(default=0)
    details: Mapped[dict[str, str] | None]  # the API calls this `metadata`, a name SQLAlchemy keeps for itself
    output_expires_after_seconds: Mapped[int | None]
    # Whether answers may come from earlier batches, and be kept for later ones.
    reuse_answers: Mapped[bool] = mapped_column(default=False)
    retry_of: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))

    status: Mapped[str] = mapped_column(default=BatchStatus.VALIDATING)
    errors: Mapped[list[dict[str, Any]] | None]
    model: Mapped[str | None]
    output_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    error_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))

    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    in_progress_at: Mapped[datetime | None]
    finalizing_at: Mapped[datetime | None]
    cancelling_at: Mapped[datetime | None]
    # When it became completed, failed, expired or cancelled: `status` says which.
    ended_at: Mapped[datetime | None]
    # When retention removed its requests and results.
    requests_purged_at: Mapped[datetime | None]
    results_purged_at: Mapped[datetime | None]

    # Counts live in the chunks while the batch runs and are frozen here when it ends.
    total: Mapped[Big] = mapped_column(default=0)
    completed: Mapped[Big] = mapped_column(default=0)
    failed: Mapped[Big] = mapped_column(default=0)


class Chunk(TokenCounts, Base):
    """The unit of claiming: up to a few thousand requests for one model."""

    __tablename__ = "chunks"
    __table_args__ = (
        Index("ix_chunks_live", "state", "model", postgresql_where="state <> 'done'"),
        Index("ix_chunks_released_at", "released_at", postgresql_where="released_at IS NOT NULL"),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    total: Mapped[int]
    # Of the input file, in the order in which they run.
    lines: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    # Other lines that ask exactly the same as one of `lines` and get its answer; `total` and the counts are with them.
    repeats: Mapped[dict[str, list[int]]] = mapped_column(JSONB, default=dict)
    # About how much work it is, and checksums of how its first and its last prompt begin.
    estimated_tokens: Mapped[Big] = mapped_column(default=0)
    begins: Mapped[bytes] = mapped_column(default=b"")
    ends: Mapped[bytes] = mapped_column(default=b"")
    state: Mapped[str] = mapped_column(default=ChunkState.WAITING)
    # The fence: a write made under an older epoch is refused inside its own transaction.
    epoch: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    lease_expires_at: Mapped[datetime | None]
    # When its last lease ended.
    released_at: Mapped[datetime | None]
    # While an engine refuses its requests, a waiting chunk rests until then. `rests` counts the leases since any of
    # them was answered.
    not_before: Mapped[datetime | None]
    rests: Mapped[int] = mapped_column(default=0)
    # How often an engine died over this chunk's requests since the last time that none was under suspicion, and how
    # many of `lines` are suspects. `reached` is how many of them the present lease may have put at an engine.
    deaths: Mapped[int] = mapped_column(default=0)
    suspect_to: Mapped[int] = mapped_column(default=0)
    reached: Mapped[int] = mapped_column(default=0)
    # What its answers come from.
    serving_id: Mapped[UUID | None] = mapped_column(ForeignKey("servings.id"))
    completed: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    # How long the requests that are counted were at an engine, added up, and the longest of them.
    busy_seconds: Mapped[float] = mapped_column(default=0.0)
    longest_seconds: Mapped[float] = mapped_column(default=0.0)


class PaceSample(Base):
    """How far a running batch was at a moment. Without a foreign key: checking it would wait for a finaliser."""

    __tablename__ = "pace_samples"

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    moment: Mapped[datetime]
    finished: Mapped[Big]
    input_tokens: Mapped[Big]
    cached_tokens: Mapped[Big]
    output_tokens: Mapped[Big]
    busy_seconds: Mapped[float]


class Request(Base):
    __tablename__ = "requests"

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    custom_id: Mapped[str]
    body: Mapped[str]


class Result(Base):
    """One finished line, exactly as it will stand in the output or the error file."""

    __tablename__ = "results"

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    succeeded: Mapped[bool]
    answer: Mapped[str]


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    # A batch, a run, a judging.
    made_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)
