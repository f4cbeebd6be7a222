"""Who serves what: GPU workers with their heartbeat, the models they make known, and these as they were loaded."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, now


class Worker(Base):
    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    engine: Mapped[str]
    device: Mapped[str] = mapped_column(default="")
    model: Mapped[str | None]
    state: Mapped[str]
    # Why it is in this state, for the operator who sees it.
    detail: Mapped[str] = mapped_column(default="")
    in_flight: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)


class Model(Base):
    __tablename__ = "models"

    name: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    engine: Mapped[str]
    # Longest prompt plus answer in tokens; empty until an engine has loaded the model.
    max_tokens: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    # Served while set; a model that is taken out of service keeps its row for old batches.
    served: Mapped[bool] = mapped_column(default=True)


class Serving(Base):
    """A model as an engine has loaded it, with all that decides its answers beside the request."""

    __tablename__ = "servings"

    # A digest of what follows, so that every worker that serves the same gives it the same id.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    model: Mapped[str]
    details: Mapped[dict[str, Any]]
    first_used_at: Mapped[datetime] = mapped_column(default=now)
