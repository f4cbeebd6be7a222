"""How far the reviewers of a queue agree, counted in the database: there may be hundreds of thousands of reviews.

It takes seconds then, so the queue keeps it until somebody hands in or takes back a review.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from curation import agreement
from curation.queues import names
from schemas.tables import Queue, QueueReviewer

# Pairs of people are shown as far as they have most answers in common.
PAIRS: Final = 6
# What was said about an answer, and about how many just that. Many answers have few patterns.
PATTERNS: Final = """
    SELECT said, count(*) FROM (
        SELECT array_agg({said}) AS said FROM reviews
        WHERE queue_id = :queue_id AND submitted_at IS NOT NULL AND given->>'{name}' IS NOT NULL
        GROUP BY place HAVING count(*) > 1
    ) AS patterns GROUP BY said
"""
# Who decided what, in the order of their keys.
STATUS: Final = text(PATTERNS.format(name="status", said="key_id || ' ' || (given->>'status') ORDER BY key_id"))
SCORE: Final = text(PATTERNS.format(name="score", said="round((given->>'score')::numeric, 2)::float8"))

# How often the first of two people said the one, while the second said the other.
Together = dict[tuple[UUID, UUID], Counter[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Measured:
    # With several reviews.
    answers: int
    same_share: float | None
    alpha: float | None
    says: str


@dataclass(frozen=True, slots=True)
class Pair:
    first: str
    second: str
    answers: int
    same_share: float | None
    kappa: float | None
    says: str
    # What they said, and how often the first said what a row, while the second said what a column stands for.
    values: Sequence[str]
    matrix: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Agreement:
    status: Measured
    score: Measured
    pairs: Sequence[Pair]


def of_queue(session: Session, queue: Queue) -> Agreement:
    """What the queue keeps, as long as it is what would be counted now."""
    # Looked at before the reviews are: what comes in meanwhile makes it old.
    moves = select(func.coalesce(func.sum(QueueReviewer.moves), 0)).where(QueueReviewer.queue_id == queue.id)
    moved = int(session.scalar(moves) or 0)
    if queue.agreement is not None and queue.agreement_at == moved:
        return _read(queue.agreement)
    counted = _counted(session, queue)
    kept = update(Queue).where(Queue.id == queue.id).values(agreement=asdict(counted), agreement_at=moved)
    session.execute(kept.execution_options(synchronize_session=False))
    return counted


def _read(kept: Mapping[str, Any]) -> Agreement:
    pairs = [Pair(**pair) for pair in kept["pairs"]]
    return Agreement(Measured(**kept["status"]), Measured(**kept["score"]), pairs)


def _counted(session: Session, queue: Queue) -> Agreement:
    wanted = {"queue_id": queue.id}
    together: Together = {}
    status: Counter[tuple[Any, ...]] = Counter()
    for said, count in session.execute(STATUS, wanted):
        reviews = [(UUID(key_id), value) for key_id, _, value in (one.partition(" ") for one in said)]
        status[tuple(sorted(value for _, value in reviews))] += count
        for (one, first), (other, second) in combinations(reviews, 2):
            together.setdefault((one, other), Counter())[first, second] += count
    score: Counter[tuple[Any, ...]] = Counter()
    for said, count in session.execute(SCORE, wanted):
        score[tuple(sorted(said))] += count
    return Agreement(
        _measured(status, agreement.alpha(status)),
        _measured(score, agreement.alpha(score, agreement.interval)),
        _pairs(session, together),
    )


def _measured(units: agreement.Units[Any], alpha: float | None) -> Measured:
    answers = agreement.several(units)
    alpha = agreement.rounded(alpha)
    same_share = agreement.rounded(agreement.same_share(units))
    return Measured(answers, same_share, alpha, agreement.says(alpha, answers))


def _pairs(session: Session, together: Together) -> list[Pair]:
    most = sorted(together, key=lambda two: -together[two].total())[:PAIRS]
    known = names(session, [key_id for two in most for key_id in two])
    return [_pair(known[one], known[other], together[one, other]) for one, other in most]


def _pair(first: str, second: str, said: Mapping[tuple[str, str], int]) -> Pair:
    answers = sum(said.values())
    kappa = agreement.rounded(agreement.cohen(said))
    same = agreement.same_share({both: count for both, count in said.items()})
    values, matrix = agreement.confusion(said)
    told = agreement.says(kappa, answers)
    return Pair(first, second, answers, agreement.rounded(same), kappa, told, values, matrix)
