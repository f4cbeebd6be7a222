"""Queues of answers to review, who is at which of them, and what each reviewer thinks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import QueueItemState, QueueStatus
from schemas.tables.base import Base, Big, Key, Small, now


class Queue(Base):
    """Examples of a dataset in an order that never changes, for some people or for all curators."""

    __tablename__ = "queues"
    __table_args__ = (
        Index("ix_queues_dataset_id", "dataset_id", "id"),
        Index("ix_queues_making", "id", postgresql_where="status = 'making'"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    name: Mapped[str]
    # The key of whoever made it.
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    # What it is made of: the view as it stood in an address and as it is filtered by, the order, what a random order
    # comes from, and how many answers at most.
    view: Mapped[dict[str, str]]
    filters: Mapped[dict[str, Any]]
    sort: Mapped[str]
    seed: Mapped[Big]
    most: Mapped[Big]
    reviews_each: Mapped[Small]
    # The keys of those who may review; nobody stands for every curator.
    assigned: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    status: Mapped[str] = mapped_column(default=QueueStatus.MAKING)
    # Why it could not be made.
    problem: Mapped[str | None]
    # Of its items. Kept up with each review: they are shown with every answer.
    items: Mapped[Big] = mapped_column(default=0)
    decided: Mapped[Big] = mapped_column(default=0)
    disputed: Mapped[Big] = mapped_column(default=0)
    # How far its reviewers agreed when they had handed in and taken back so often.
    agreement: Mapped[dict[str, Any] | None]
    agreement_at: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class QueueItem(Base):
    """One answer in a queue. It has no reference to its example: both go with their dataset, and only with it."""

    __tablename__ = "queue_items"
    __table_args__ = (
        Index("ix_queue_items_open", "queue_id", "place", postgresql_where="state = 'open'"),
        Index("ix_queue_items_disputed", "queue_id", "place", postgresql_where="state = 'disputed'"),
        Index("ix_queue_items_held_by", "queue_id", "held_by", postgresql_where="held_by IS NOT NULL"),
    )

    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    example_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default=QueueItemState.OPEN)
    # How many have submitted a review.
    reviews: Mapped[Small] = mapped_column(default=0)
    # Who looks at it, and until when nobody else gets it.
    held_by: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    held_until: Mapped[datetime | None]
    # What was done to the example. Empty where nothing had to be changed.
    change_set_id: Mapped[UUID | None]
    # Who chose between reviews that differ.
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))


class Review(Base):
    """What one person thinks of one answer, kept apart from what others think."""

    __tablename__ = "reviews"
    __table_args__ = (
        ForeignKeyConstraint(
            ["queue_id", "place"], ["queue_items.queue_id", "queue_items.place"], "fk_reviews_item", ondelete="CASCADE"
        ),
    )

    queue_id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    # What the example should become, as a change has it: status, score, edited output, and so on.
    given: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime] = mapped_column(default=now)
    # Until then it is a draft.
    submitted_at: Mapped[datetime | None]


class QueueReviewer(Base):
    """How far somebody has come in a queue."""

    __tablename__ = "queue_reviewers"

    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True)
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    # The item that they got last: the next one is looked for behind it.
    place: Mapped[int] = mapped_column(default=0)
    reviews: Mapped[Big] = mapped_column(default=0)
    # How often they have handed in, or taken back.
    moves: Mapped[Big] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
