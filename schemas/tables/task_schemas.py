"""Task schemas that people made, and every version of each. Those that come with the program are files."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Key, now


class TaskSchema(Base):
    __tablename__ = "task_schemas"
    __table_args__ = (Index(None, "tenant", "name", unique=True),)

    id: Mapped[Key]
    tenant: Mapped[str]
    name: Mapped[str]
    # The number of its newest version.
    latest: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    archived_at: Mapped[datetime | None]


class TaskSchemaVersion(Base):
    """Never changed: datasets name the version that they are of."""

    __tablename__ = "task_schema_versions"

    task_schema_id: Mapped[UUID] = mapped_column(ForeignKey("task_schemas.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    # As text: the order of its names says something to people, and JSONB would lose it.
    document: Mapped[str]
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
