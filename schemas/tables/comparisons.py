"""Which of several models' answers to the same item somebody found best: a person, or a judge."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Key, now

BY_PEOPLE: Final = "judging_id IS NULL"
BY_JUDGES: Final = "judging_id IS NOT NULL"


class Comparison(Base):
    """One choice of a person, or one verdict of a judge. A person who chooses again replaces it."""

    __tablename__ = "comparisons"
    __table_args__ = (
        Index(
            "uq_comparisons_choice", "dataset_id", "models", "key_id", "item", unique=True, postgresql_where=BY_PEOPLE
        ),
        Index("uq_comparisons_verdict", "judging_id", "item", unique=True, postgresql_where=BY_JUDGES),
        Index("ix_comparisons_item", "dataset_id", "item"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    item: Mapped[int]
    # In the order of their names, and the example of each.
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    example_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    # None where nobody was better than the others.
    winner: Mapped[str | None]
    # Of a verdict: whoever has begun the judging.
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
    # None for a person's.
    judging_id: Mapped[UUID | None] = mapped_column(ForeignKey("judgings.id", ondelete="CASCADE"))
    # What the judge said of both orders, as `curation/judge_verdicts.py` writes it, and why. None where the answers are
    # the same, and nobody was asked.
    said: Mapped[str | None]
    reasons: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"), deferred=True)
