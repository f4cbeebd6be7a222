"""The audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Key, now


class AuditEntry(Base):
    """Something that somebody did. PostgreSQL refuses to change one; retention removes it when it is old."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_action", "action", "id"),
        Index("ix_audit_entries_who", "who", "id"),
    )

    id: Mapped[Key]
    made_at: Mapped[datetime] = mapped_column(default=now)
    action: Mapped[str]
    # The key's name at that time, or what somebody called himself who was not let in.
    who: Mapped[str]
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    tenant: Mapped[str | None]
    # The network address that it came from; none from the command line.
    address: Mapped[str | None]
    # The public id of what it was done to.
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
