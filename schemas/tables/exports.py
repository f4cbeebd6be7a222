"""Exports: what of a dataset became a file, in which form, and what exactly was in it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import ExportStatus
from schemas.tables.base import Base, Big, Key, now


class ExportFormat(StrEnum):
    CHAT = "chat"
    PROMPT_COMPLETION = "prompt_completion"
    DPO = "dpo"
    ICL = "icl"
    CSV = "csv"
    PARQUET = "parquet"


class Export(Base):
    __tablename__ = "exports"
    __table_args__ = (
        Index("ix_exports_tenant_id", "tenant", "id"),
        Index("ix_exports_dataset_id", "dataset_id", "id"),
        Index("uq_exports_version", "first_id", "version", unique=True),
        Index("ix_exports_running", "id", postgresql_where="status = 'running'"),
    )

    id: Mapped[Key]
    tenant: Mapped[str]
    # The dataset may be gone by now.
    dataset_id: Mapped[UUID]
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    # The export that this one repeats, or itself, and the how manieth of them it is.
    first_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1)
    format: Mapped[str]
    # As it was asked for, and as it is filtered by.
    view: Mapped[dict[str, Any]]
    filters: Mapped[dict[str, Any]]
    options: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default=ExportStatus.RUNNING)
    # How many examples there are to read, and how many are read.
    total: Mapped[Big] = mapped_column(default=0)
    done: Mapped[Big] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    # How many are in the file.
    examples: Mapped[Big] = mapped_column(default=0)
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))
    manifest: Mapped[dict[str, Any] | None]
    # Why there is no file.
    problem: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    # When somebody was last seen at it.
    advanced_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
