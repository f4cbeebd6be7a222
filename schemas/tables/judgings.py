"""Judgings: a model says which of two others answers better, and the batches by which it is asked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import RunStatus
from schemas.tables.base import Base, Big, Key, now


class Judging(Base):
    """One judge, asked about each item that both models had answered when it began. Its verdicts are comparisons."""

    __tablename__ = "judgings"
    __table_args__ = (
        Index("ix_judgings_dataset_id", "dataset_id", "id"),
        Index("ix_judgings_live", "id", postgresql_where="ended_at IS NULL"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    # The two whose answers are judged, in the order of their names.
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    judge: Mapped[str]
    # What "better" means.
    criteria: Mapped[str]
    completion_window: Mapped[str]
    status: Mapped[str] = mapped_column(default=RunStatus.RUNNING)
    # What a batch of it waits for that can't be created yet.
    waits_for: Mapped[str | None]
    # Requests: two for each item, one for each order of the answers.
    total: Mapped[Big]
    # Counted in its batches until it ends, and frozen then.
    completed: Mapped[Big] = mapped_column(default=0)
    failed: Mapped[Big] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    advanced_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class JudgingPart(Base):
    """The items of one batch, from the first to the last of these numbers."""

    __tablename__ = "judging_parts"
    __table_args__ = (Index("ix_judging_parts_batch_id", "batch_id"),)

    judging_id: Mapped[UUID] = mapped_column(ForeignKey("judgings.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    first_item: Mapped[int]
    last_item: Mapped[int]
    requests: Mapped[int]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    # The line of the batch up to which its answers are read, and how many of those were no verdict.
    line: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
    # Why it has no answers, where it has none.
    problem: Mapped[str | None]
    # When its verdicts were in.
    ended_at: Mapped[datetime | None]
