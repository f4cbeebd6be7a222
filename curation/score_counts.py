"""How the scores of a dataset are spread: ten counts that each change keeps up, so that no page counts a million."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from curation.datasets import seen_by
from curation.histograms import TENTHS, Bar
from schemas.tables import ChangeSet, Dataset, ScoreCount

EDGES: Final = ", ".join(map(str, TENTHS.edges))

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


def count_again(session: Session, done: ChangeSet) -> None:
    """After a change set that may have changed scores."""
    session.execute(COUNT_AGAIN, {"dataset_id": done.dataset_id, "change_set_id": done.id})


def spread(session: Session, dataset: Dataset) -> Sequence[Bar]:
    """All ten, those without an example too."""
    query = select(ScoreCount.tenth, ScoreCount.examples).where(ScoreCount.dataset_id == dataset.id)
    counted = {tenth: examples for tenth, examples in session.execute(query)}
    numbers = range(len(TENTHS.edges) + 1)
    return [TENTHS.bar(number, counted.get(number, 0), "score_from", "score_below") for number in numbers]


def scored(session: Session, tenant: str, limit: int) -> Sequence[Dataset]:
    """The newest datasets that have scores."""
    with_scores = select(ScoreCount.dataset_id).where(ScoreCount.examples > 0)
    query = select(Dataset).where(*seen_by(tenant), Dataset.id.in_(with_scores))
    return session.scalars(query.order_by(Dataset.id.desc()).limit(limit)).all()
