"""What runs and judgings share: work on the items of a dataset, made of parts, each of which is an ordinary batch."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from schemas import ids
from schemas.states import RunStatus
from schemas.tables.base import Base, Big, Key, now


class BatchWork(Base):
    """Each kind of it has a table of its own, and one of its parts."""

    __abstract__ = True
    # How it is called, and what its public id begins with.
    kind: ClassVar[str]
    prefix: ClassVar[str]

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    completion_window: Mapped[str]
    status: Mapped[str] = mapped_column(default=RunStatus.RUNNING)
    # What a batch of it waits for that can't be created yet.
    waits_for: Mapped[str | None]
    total: Mapped[Big]
    # Counted in its batches until it ends, and frozen then.
    completed: Mapped[Big] = mapped_column(default=0)
    failed: Mapped[Big] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # When somebody last began a step; and how many have begun since one was done.
    advanced_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    # In order.
    parts: Mapped[Sequence["BatchPart"]]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:
        return (
            Index(f"ix_{cls.__tablename__}_dataset_id", "dataset_id", "id"),
            Index(f"ix_{cls.__tablename__}_live", "id", postgresql_where="ended_at IS NULL"),
        )

    @property
    def public_id(self) -> str:
        return ids.show(self.prefix, self.id)

    @property
    def batch_ids(self) -> list[UUID]:
        return [part.batch_id for part in self.parts if part.batch_id]

    @property
    def problems(self) -> list[str]:
        return sorted({part.problem for part in self.parts if part.problem})


class BatchPart(Base):
    """The items of one batch, from the first to the last of these numbers."""

    __abstract__ = True

    number: Mapped[int] = mapped_column(primary_key=True)
    first_item: Mapped[int]
    last_item: Mapped[int]
    requests: Mapped[int]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"), index=True)
    # How long its file was when there was no room for it.
    bytes: Mapped[Big | None]
    # Why it has no answers, or not all.
    problem: Mapped[str | None]
    # When its answers were in.
    ended_at: Mapped[datetime | None]
