"""Judgings: a model says which of two others answers better, and the batches by which it is asked."""

from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schemas import ids
from schemas.tables.batch_work import BatchPart, BatchWork


class Judging(BatchWork):
    """One judge, asked about each item that both models had answered when it began, once for each order of the answers.
    Its verdicts are comparisons."""

    __tablename__ = "judgings"
    kind = "judging"
    prefix = ids.JUDGING

    # The two whose answers are judged, in the order of their names.
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    judge: Mapped[str]
    # What "better" means.
    criteria: Mapped[str]
    parts: Mapped[list["JudgingPart"]] = relationship(
        order_by="JudgingPart.number", lazy="selectin", passive_deletes="all"
    )

    @property
    def unreadable(self) -> int:
        """How many answers of the judge were no verdict."""
        return sum(part.unreadable for part in self.parts)


class JudgingPart(BatchPart):
    """Its batch's answers are read up to this line, and so many of them were no verdict."""

    __tablename__ = "judging_parts"

    judging_id: Mapped[UUID] = mapped_column(ForeignKey("judgings.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(default=0)
    unreadable: Mapped[int] = mapped_column(default=0)
