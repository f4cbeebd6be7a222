"""How far the answers of a tenant have come on their way to examples. From kept counts: no example is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas.tables import Dataset, ScoreCount


@dataclass(frozen=True, slots=True)
class Funnel:
    taken_in: int
    scored: int
    reviewed: int
    approved: int
    gold: int


def read(session: Session, tenant: str) -> Funnel:
    ours = (Dataset.tenant == tenant, Dataset.deleted_at.is_(None))
    counts = select(*map(_sum, (Dataset.examples, Dataset.needs_review, Dataset.approved, Dataset.gold))).where(*ours)
    taken_in, needs_review, approved, gold = map(int, session.execute(counts).one())
    scored = select(_sum(ScoreCount.examples)).join(Dataset, Dataset.id == ScoreCount.dataset_id).where(*ours)
    return Funnel(taken_in, int(session.scalar(scored) or 0), taken_in - needs_review, approved, gold)


def waiting(session: Session, tenant: str, limit: int) -> Sequence[Dataset]:
    """Datasets with answers that nobody has reviewed, those with most of them first."""
    query = select(Dataset).where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None), Dataset.needs_review > 0)
    return session.scalars(query.order_by(Dataset.needs_review.desc(), Dataset.id.desc()).limit(limit)).all()


def _sum(column: InstrumentedAttribute[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)
