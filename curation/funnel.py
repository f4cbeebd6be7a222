"""How far the answers of a tenant have come on their way to examples. From kept counts: no example is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from curation.datasets import seen_by
from schemas.states import ExportStatus
from schemas.tables import Dataset, Export, ScoreCount


@dataclass(frozen=True, slots=True)
class Funnel:
    taken_in: int
    scored: int
    reviewed: int
    approved: int
    gold: int
    # Of each dataset as many as its largest export holds: nobody knows how far exports of a dataset overlap.
    exported: int


def read(session: Session, tenant: str) -> Funnel:
    ours = seen_by(tenant)
    counts = select(*map(_sum, (Dataset.examples, Dataset.needs_review, Dataset.approved, Dataset.gold))).where(*ours)
    taken_in, needs_review, approved, gold = map(int, session.execute(counts).one())
    scored = select(_sum(ScoreCount.examples)).join(Dataset, Dataset.id == ScoreCount.dataset_id).where(*ours)
    largest = (
        select(func.max(Export.examples).label("examples"))
        .join(Dataset, Dataset.id == Export.dataset_id)
        .where(*ours, Export.tenant == tenant, Export.status == ExportStatus.DONE)
        .group_by(Export.dataset_id)
        .subquery()
    )
    exported = select(_sum(largest.c.examples))
    return Funnel(
        taken_in,
        int(session.scalar(scored) or 0),
        taken_in - needs_review,
        approved,
        gold,
        int(session.scalar(exported) or 0),
    )


def waiting(session: Session, tenant: str, limit: int) -> Sequence[Dataset]:
    """Datasets with answers that nobody has reviewed, those with most of them first."""
    query = select(Dataset).where(*seen_by(tenant), Dataset.needs_review > 0)
    return session.scalars(query.order_by(Dataset.needs_review.desc(), Dataset.id.desc()).limit(limit)).all()


def _sum(column: ColumnElement[Any] | InstrumentedAttribute[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)
