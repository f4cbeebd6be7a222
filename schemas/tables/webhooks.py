"""The outbox: an event is written with the change it tells of; deliveries then have their own retries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Key, now


class Event(Base):
    __tablename__ = "events"
    __table_args__ = (Index(None, "batch_id", "type", unique=True),)

    id: Mapped[Key]
    tenant: Mapped[str]
    type: Mapped[str]
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Webhook(Base):
    """Where to tell a tenant about events: of one batch, or of every batch one key creates."""

    __tablename__ = "webhooks"
    __table_args__ = (Index(None, "tenant"), Index(None, "batch_id"), Index(None, "key_id"))

    id: Mapped[Key]
    tenant: Mapped[str]
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    url: Mapped[str]
    # Signing needs the secret itself, so it can't be kept as a digest.
    secret: Mapped[str]
    # Event types it wants; empty means all.
    events: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(None, "event_id", "webhook_id", unique=True),
        Index("ix_webhook_deliveries_due", "next_attempt_at", postgresql_where="next_attempt_at IS NOT NULL"),
    )

    id: Mapped[Key]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id"))
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    attempts: Mapped[int] = mapped_column(default=0)
    # Empty once it was delivered or given up.
    next_attempt_at: Mapped[datetime | None] = mapped_column(default=now)
    delivered_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
