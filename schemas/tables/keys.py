"""API keys. The key itself is shown once; what is kept is its digest."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Big, Key, now


class ApiKey(Base):
    __tablename__ = "api_keys"
    __table_args__ = (
        Index(None, "digest", unique=True),
        Index("uq_api_keys_valid_name", "tenant", "name", unique=True, postgresql_where="revoked_at IS NULL"),
    )

    id: Mapped[Key]
    name: Mapped[str]
    tenant: Mapped[str]
    role: Mapped[str]
    hint: Mapped[str]
    digest: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    # Sessions on the pages that began before then are over.
    sessions_from: Mapped[datetime | None]
    # An empty limit means the one of the settings.
    requests_per_minute: Mapped[int | None]
    pending_requests: Mapped[Big | None]
    stored_bytes: Mapped[Big | None]
    # Its share of the workers beside other keys.
    weight: Mapped[float] = mapped_column(default=1.0)
