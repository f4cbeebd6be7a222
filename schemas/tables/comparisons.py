"""Which of several models' answers to the same item somebody found best."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Key, now


class Comparison(Base):
    """One person's choice. Choosing again takes its place."""

    __tablename__ = "comparisons"
    __table_args__ = (Index("uq_comparisons_choice", "dataset_id", "models", "key_id", "item", unique=True),)

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    item: Mapped[int]
    # In the order of their names, and the example of each.
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    example_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    # None where nobody was better than the others.
    winner: Mapped[str | None]
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
