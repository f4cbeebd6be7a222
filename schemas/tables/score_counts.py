"""How the scores of datasets are spread."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, Big, Small


class ScoreCount(Base):
    """How many examples of a dataset have a score in one tenth of the scale. Kept up with each change."""

    __tablename__ = "score_counts"

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    tenth: Mapped[Small] = mapped_column(primary_key=True)
    examples: Mapped[Big]
