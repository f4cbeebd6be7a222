"""How far the reviewers of a queue agree, counted in the database: there may be hundreds of thousands of reviews."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from curation import agreement
from curation.queues import names
from schemas.tables import Queue

# Pairs of people are shown as far as they have most answers in common.
PAIRS: Final = 6
HANDED_IN: Final = "queue_id = :queue_id AND submitted_at IS NOT NULL"
SAID: Final = {"status": "given->>'status'", "score": "round((given->>'score')::numeric, 2)::float8"}
PATTERNS: Final = """
    SELECT said, count(*) FROM (
        SELECT array_agg({said}) AS said FROM reviews
        WHERE {handed_in} AND {said} IS NOT NULL GROUP BY place HAVING count(*) > 1
    ) AS patterns GROUP BY said
"""
TOGETHER: Final = text(f"""
    WITH handed_in AS (SELECT place, key_id, given->>'status' AS status FROM reviews WHERE {HANDED_IN})
    SELECT one.key_id, other.key_id, one.status, other.status, count(*)
    FROM handed_in AS one JOIN handed_in AS other ON other.place = one.place AND other.key_id > one.key_id
    GROUP BY 1, 2, 3, 4
""")


@dataclass(frozen=True, slots=True)
class Measured:
    # With several reviews.
    answers: int
    percent: float | None
    alpha: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Pair:
    first: str
    second: str
    answers: int
    percent: float | None
    kappa: float | None
    words: str
    # What they said, and how often the first said what a row, while the second said what a column stands for.
    values: Sequence[str]
    matrix: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Agreement:
    status: Measured
    score: Measured
    pairs: Sequence[Pair]


def of_queue(session: Session, queue: Queue) -> Agreement:
    status = _patterns(session, queue, "status")
    score = _patterns(session, queue, "score")
    return Agreement(
        _measured(status, agreement.alpha(status)),
        _measured(score, agreement.alpha(score, agreement.interval)),
        _pairs(session, queue),
    )


def _patterns(session: Session, queue: Queue, name: str) -> Counter[tuple[Any, ...]]:
    query = text(PATTERNS.format(said=SAID[name], handed_in=HANDED_IN))
    units: Counter[tuple[Any, ...]] = Counter()
    for said, count in session.execute(query, {"queue_id": queue.id}):
        units[tuple(sorted(said))] += count
    return units


def _measured(units: agreement.Units[Any], alpha: float | None) -> Measured:
    answers = agreement.several(units)
    alpha = agreement.rounded(alpha)
    percent = agreement.rounded(agreement.percent(units))
    return Measured(answers, percent, alpha, agreement.words(alpha, answers))


def _pairs(session: Session, queue: Queue) -> list[Pair]:
    counted: dict[tuple[UUID, UUID], dict[tuple[str, str], int]] = {}
    for one, other, said, other_said, count in session.execute(TOGETHER, {"queue_id": queue.id}):
        counted.setdefault((one, other), {})[said, other_said] = count
    most = sorted(counted, key=lambda two: -sum(counted[two].values()))[:PAIRS]
    known = names(session, [key_id for two in most for key_id in two])
    return [_pair(known[one], known[other], counted[one, other]) for one, other in most]


def _pair(first: str, second: str, said: dict[tuple[str, str], int]) -> Pair:
    answers = sum(said.values())
    kappa = agreement.rounded(agreement.cohen(said))
    same = agreement.percent({both: count for both, count in said.items()})
    values, matrix = agreement.confusion(said)
    told = agreement.words(kappa, answers)
    return Pair(first, second, answers, agreement.rounded(same), kappa, told, values, matrix)
