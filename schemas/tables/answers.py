"""Answers that are kept for later batches."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base


class KeptAnswer(Base):
    __tablename__ = "kept_answers"
    __table_args__ = (Index("ix_kept_answers_kept_until", "kept_until"),)

    tenant: Mapped[str] = mapped_column(primary_key=True)
    serving_id: Mapped[UUID] = mapped_column(ForeignKey("servings.id"), primary_key=True)
    # Of the endpoint and the request's body.
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kept_until: Mapped[datetime]
    # The id of the line that it was computed for.
    origin: Mapped[str]
    body: Mapped[str]
