"""What scorers make of answers, and how far each of them is with a dataset."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import ScoringStatus
from schemas.tables.base import Base, Big, Key, now


class Score(Base):
    """By one scorer, of one answer. Its value stands in `facets` too, as a column of the dataset."""

    __tablename__ = "scores"
    __table_args__ = (Index("ix_scores_scoring_id", "scoring_id"),)

    example_id: Mapped[UUID] = mapped_column(ForeignKey("outputs.id", ondelete="CASCADE"), primary_key=True)
    scorer: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float]
    reason: Mapped[str]
    # Where it comes from.
    scoring_id: Mapped[UUID] = mapped_column(ForeignKey("scorings.id", ondelete="CASCADE"))


class Scoring(Base):
    """A scorer on its way through a dataset, a page at a time."""

    __tablename__ = "scorings"
    __table_args__ = (
        Index("ix_scorings_dataset_id", "dataset_id", "id"),
        Index("ix_scorings_running", "id", postgresql_where="status = 'running'"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    scorer: Mapped[str]
    version: Mapped[int]
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    # It says nothing, and what its scorer has said before is forgotten.
    removes: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default=ScoringStatus.RUNNING)
    # The example that it has come to.
    after_id: Mapped[UUID | None]
    # Looked at so far, and those that got a score.
    seen: Mapped[Big] = mapped_column(default=0)
    scored: Mapped[Big] = mapped_column(default=0)
    begun_at: Mapped[datetime] = mapped_column(default=now)
    # When the last page was done, or somebody began; and how many have begun since the last page.
    advanced_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    # Why it ended early.
    problem: Mapped[str | None]
