"""Splits: which items of a dataset a model may learn from, and which it is measured on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Float, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import Side, SplitStatus
from schemas.tables.base import Base, Big, Key, now


class Split(Base):
    """The items that a dataset had when it began, each on one side."""

    __tablename__ = "splits"
    __table_args__ = (
        Index("ix_splits_dataset_id", "dataset_id", "id"),
        Index("ix_splits_running", "id", postgresql_where="status = 'running'"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    name: Mapped[str]
    seed: Mapped[Big]
    # By the name of the side; they make 1.
    shares: Mapped[dict[str, float]] = mapped_column(JSONB)
    # Two that are as similar as this are near-duplicates.
    similarity: Mapped[float] = mapped_column(Float)
    status: Mapped[str] = mapped_column(default=SplitStatus.RUNNING)
    # How many there are, and up to which they have been read.
    items: Mapped[Big]
    item: Mapped[int] = mapped_column(default=0)
    # How many of them are on each side. Kept: to count millions for every look would be slow.
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=lambda: dict.fromkeys(map(str, Side), 0))
    # What is left when all that belongs together counts once, and how much belongs together at most.
    groups: Mapped[Big] = mapped_column(default=0)
    largest_group: Mapped[Big] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    advanced_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class SplitItem(Base):
    """An item, the group of those that belong together with it, and the side that it is on."""

    __tablename__ = "split_items"
    __table_args__ = (
        Index("ix_split_items_side", "split_id", "side", "item"),
        Index("ix_split_items_group", "split_id", "together", "side"),
    )

    split_id: Mapped[UUID] = mapped_column(ForeignKey("splits.id", ondelete="CASCADE"), primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)
    # The smallest number of its group.
    together: Mapped[int]
    side: Mapped[str]


class ItemSignature(Base):
    """What an item is compared by, while a split is being made."""

    __tablename__ = "item_signatures"

    split_id: Mapped[UUID] = mapped_column(ForeignKey("splits.id", ondelete="CASCADE"), primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)
    minhash: Mapped[bytes]
    # Digests of the conversation and of the custom_id's group that it belongs to; null: to none.
    kin: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
