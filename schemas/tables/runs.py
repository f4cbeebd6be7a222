"""Models run on the items of a dataset: one run, and the batches that it is made of."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schemas import ids
from schemas.tables.base import Base, Big
from schemas.tables.batch_work import BatchPart, BatchWork


class Run(BatchWork):
    """One or several models, asked all items that a dataset had when it began, or those of a view."""

    __tablename__ = "runs"
    kind = "run"
    prefix = ids.RUN

    models: Mapped[list[str]]
    # What stands in place of the same in the items' own requests.
    parameters: Mapped[dict[str, Any]]
    # The view whose items alone it asks, as it was written, and how many those are; null: all that there were.
    view: Mapped[dict[str, Any]] = mapped_column(default=dict)
    items: Mapped[Big | None]
    parts: Mapped[list["RunPart"]] = relationship(order_by="RunPart.number", lazy="selectin", passive_deletes="all")


class RunItem(Base):
    """An item of a run that does not ask all of them: which ones is settled when it begins."""

    __tablename__ = "run_items"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)


class RunPart(BatchPart):
    """Those of its items that are asked at this endpoint."""

    __tablename__ = "run_parts"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str]
    endpoint: Mapped[str]
