"""Snapshots: which examples a view held at a moment, and in which version."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Big, Key, now


class Snapshot(Base):
    __tablename__ = "snapshots"
    __table_args__ = (Index("ix_snapshots_dataset_id", "dataset_id", "id"),)

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    name: Mapped[str]
    # As it stood in the address.
    view: Mapped[dict[str, str]] = mapped_column(JSONB)
    examples: Mapped[Big] = mapped_column(default=0)
    # Of the ids and versions of its examples.
    digest: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class SnapshotExample(Base):
    __tablename__ = "snapshot_examples"

    snapshot_id: Mapped[UUID] = mapped_column(ForeignKey("snapshots.id", ondelete="CASCADE"), primary_key=True)
    # Not a foreign key: an example goes with its dataset alone, and so does its snapshot.
    example_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
