"""Models run on the items of a dataset: one run, and the batches that it is made of."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import RunStatus
from schemas.tables.base import Base, Big, Key, now


class Run(Base):
    """One or several models, asked all items that a dataset had when it began, or those of a view."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_dataset_id", "dataset_id", "id"),
        Index("ix_runs_live", "id", postgresql_where="ended_at IS NULL"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    models: Mapped[list[str]]
    # What stands in place of the same in the items' own requests.
    parameters: Mapped[dict[str, Any]]
    completion_window: Mapped[str]
    # The view whose items alone it asks, as it was written, and how many those are; null: all that there were.
    view: Mapped[dict[str, Any]] = mapped_column(default=dict)
    items: Mapped[Big | None]
    status: Mapped[str] = mapped_column(default=RunStatus.RUNNING)
    # What a batch of it waits for that can't be created yet.
    waits_for: Mapped[str | None]
    total: Mapped[Big]
    # Counted in its batches until it ends, and frozen then.
    completed: Mapped[Big] = mapped_column(default=0)
    failed: Mapped[Big] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    advanced_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class RunItem(Base):
    """An item of a run that does not ask all of them: which ones is settled when it begins. It has no reference to its
    run: to check hundreds of thousands takes seconds, while somebody waits. `curation/retention.py` removes them."""

    __tablename__ = "run_items"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)


class RunPart(Base):
    """The items of one batch: those of an endpoint from the first to the last of these numbers."""

    __tablename__ = "run_parts"
    __table_args__ = (Index("ix_run_parts_batch_id", "batch_id"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    endpoint: Mapped[str]
    first_item: Mapped[int]
    last_item: Mapped[int]
    requests: Mapped[int]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    # Why it has no answers, where it has none.
    problem: Mapped[str | None]
    # When its answers were in.
    ended_at: Mapped[datetime | None]
