"""How far a scorer says what people say: of the answers that both have judged."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from curation import columns
from schemas.states import ExampleStatus
from schemas.tables import Dataset, Example, facets

# With fewer answers it is chance; of those that are approved or rejected, fewer of either.
FEW: Final = 20
FEW_OF_EITHER: Final = 10


@dataclass(frozen=True, slots=True)
class Trust:
    scorer: str
    # Answers that people have scored too: Pearson's correlation, and how far they are apart on average.
    scored: int
    correlation: float | None
    apart: float | None
    # How often an approved answer has a better score than a rejected one; 0.5 is chance. Of so many answers that are
    # either, and of this many of the rarer kind.
    decided: int
    rarer: int
    ranked_right: float | None

    @property
    def says(self) -> str:
        measures = [self.correlation or 0.0] if self.scored >= FEW else []
        measures += [2 * self.ranked_right - 1] if self.ranked_right and self.rarer >= FEW_OF_EITHER else []
        if not measures:
            return "too few answers that people have judged"
        best = max(measures)
        if best >= 0.6:
            return "says much the same as people"
        return "says a little of what people say" if best >= 0.25 else "says something else than people"


def of_scorers(session: Session, dataset: Dataset) -> list[Trust]:
    known = [column for column in columns.read(dataset.columns) if column.path.startswith(columns.SCORED)]
    return [_of_column(session, dataset, column.path.removeprefix(columns.SCORED), column.slot) for column in known]


def _of_column(session: Session, dataset: Dataset, scorer: str, slot_name: str) -> Trust:
    slot = facets.c[slot_name]
    both = (Example.dataset_id == dataset.id, facets.c.dataset_id == dataset.id, slot.is_not(None))
    scored = (
        select(func.count(), func.corr(slot, Example.score), func.avg(func.abs(slot - Example.score)))
        .join_from(Example, facets, facets.c.id == Example.id)
        .where(*both, Example.score.is_not(None))
    )
    many, correlation, apart = session.execute(scored).one()
    return Trust(scorer, many, correlation, apart, *_ranked_right(session, both, slot))


def _ranked_right(
    session: Session, both: tuple[ColumnElement[bool], ...], slot: ColumnElement[float]
) -> tuple[int, int, float | None]:
    """Mann and Whitney's measure: equal scores share their ranks."""
    rank = func.rank().over(order_by=slot) + (func.count().over(partition_by=slot) - 1) / 2.0
    decided = (
        select(Example.status, rank.label("rank"))
        .join_from(Example, facets, facets.c.id == Example.id)
        .where(*both, Example.status != ExampleStatus.NEEDS_REVIEW)
        .subquery()
    )
    query = select(decided.c.status, func.count(), func.sum(decided.c.rank)).group_by(decided.c.status)
    found = {status: (many, float(ranks)) for status, many, ranks in session.execute(query)}
    approved, ranks = found.get(ExampleStatus.APPROVED, (0, 0.0))
    rejected, _ = found.get(ExampleStatus.REJECTED, (0, 0.0))
    decided, rarer = approved + rejected, min(approved, rejected)
    if not rarer:
        return decided, rarer, None
    return decided, rarer, (ranks - approved * (approved + 1) / 2) / (approved * rejected)
