"""Who serves what: GPU workers with their heartbeat, and the models they make known."""

from datetime import datetime

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
