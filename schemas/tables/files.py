"""Files and the uploads that become files. Contents lie in the file store, under `location`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import UploadStatus
from schemas.tables.base import Base, Big, Key, now


class File(Base):
    __tablename__ = "files"
    __table_args__ = (
        Index("ix_files_tenant_id", "tenant", "id"),
        Index("ix_files_due", "expires_at", postgresql_where="purged_at IS NULL"),
    )

    id: Mapped[Key]
    tenant: Mapped[str]
    purpose: Mapped[str]
    filename: Mapped[str]
    bytes: Mapped[Big]
    location: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    # What the owner asked for; retention by setting applies beside it.
    expires_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]


class Upload(Base):
    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_pending", "expires_at", postgresql_where="status = 'pending'"),)

    id: Mapped[Key]
    tenant: Mapped[str]
    purpose: Mapped[str]
    filename: Mapped[str]
    mime_type: Mapped[str]
    bytes: Mapped[Big]
    status: Mapped[str] = mapped_column(default=UploadStatus.PENDING)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    file_expires_after_seconds: Mapped[int | None]
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id"))


class UploadPart(Base):
    __tablename__ = "upload_parts"
    __table_args__ = (Index(None, "upload_id"),)

    id: Mapped[Key]
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"))
    bytes: Mapped[Big]
    location: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
