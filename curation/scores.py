"""How the scores of a dataset are spread: ten counts that each change keeps up, so that no page counts a million."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from curation.datasets import seen_by
from schemas.tables import ChangeSet, Dataset, ScoreCount

TENTHS: Final = 10
EDGES: Final = ", ".join(str(number / TENTHS) for number in range(1, TENTHS))

# A score that changes leaves one tenth and comes into another.
COUNT_AGAIN: Final = text(f"""
    INSERT INTO score_counts (dataset_id, tenth, examples)
    SELECT CAST(:dataset_id AS uuid), width_bucket(score, CAST(ARRAY[{EDGES}] AS float8[])) AS tenth, sum(difference)
    FROM changes, LATERAL (
        VALUES (CAST(after->>'score' AS float8), 1), (CAST(before->>'score' AS float8), -1)
    ) AS moved (score, difference)
    WHERE change_set_id = :change_set_id AND score IS NOT NULL
    GROUP BY tenth ORDER BY tenth
    ON CONFLICT (dataset_id, tenth) DO UPDATE SET examples = score_counts.examples + excluded.examples
""")


@dataclass(frozen=True, slots=True)
class Tenth:
    """Both ends belong to it."""

    score_from: float
    score_to: float
    examples: int

    @property
    def label(self) -> str:
        return f"{self.score_from:.1f} to {self.score_to:.1f}"


def count_again(session: Session, done: ChangeSet) -> None:
    """After a change set that may have changed scores."""
    session.execute(COUNT_AGAIN, {"dataset_id": done.dataset_id, "change_set_id": done.id})


def spread(session: Session, dataset: Dataset) -> Sequence[Tenth]:
    """All ten, those without an example too."""
    query = select(ScoreCount.tenth, ScoreCount.examples).where(ScoreCount.dataset_id == dataset.id)
    counted = {tenth: examples for tenth, examples in session.execute(query)}
    return [_tenth(number, counted.get(number, 0)) for number in range(TENTHS)]


def scored(session: Session, tenant: str, limit: int) -> Sequence[Dataset]:
    """The newest datasets that have scores."""
    with_scores = select(ScoreCount.dataset_id).where(ScoreCount.examples > 0)
    query = select(Dataset).where(*seen_by(tenant), Dataset.id.in_(with_scores))
    return session.scalars(query.order_by(Dataset.id.desc()).limit(limit)).all()


def _tenth(number: int, examples: int) -> Tenth:
    following = (number + 1) / TENTHS
    # What lies on an edge is in the tenth above it, and a filter takes in both of its ends.
    last = following if number == TENTHS - 1 else math.nextafter(following, 0)
    return Tenth(number / TENTHS, last, examples)
