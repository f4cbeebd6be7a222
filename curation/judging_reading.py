"""What a judge has answered becomes comparisons: a page of a batch's lines at a time.

How far that is the part remembers, in the same transaction.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from curation import batch_making
from curation.batch_parts import Step
from curation.judge_verdicts import LONGEST_ANSWER, Asked, Said, asked, read_said, winner
from schemas.ids import new_id
from schemas.states import BatchStatus
from schemas.tables import Batch, Comparison, Dataset, Judging, JudgingPart
from schemas.tables.base import now

# An even number, so that both orders of an item, which stand beside each other, are read together.
LINES: Final = 1000
# What is far too long to be a verdict is not even read.
READ_LINES: Final = text("""
    SELECT custom_id, results.line IS NOT NULL AND succeeded AS answered,
           CASE WHEN octet_length(answer) <= :longest THEN answer END AS answer
    FROM requests LEFT JOIN results ON results.batch_id = requests.batch_id AND results.line = requests.line
    WHERE requests.batch_id = :batch_id AND requests.line > :after AND requests.line <= :last ORDER BY requests.line
""")


def read_on(session: Session, dataset: Dataset, judging: Judging, ended: Sequence[tuple[JudgingPart, Batch]]) -> Step:
    """A page of the first part that is not read to its end."""
    if not ended:
        return Step()
    part, batch = ended[0]
    if batch.status == BatchStatus.FAILED or batch.total <= part.line:
        part.problem, part.ended_at = batch_making.problem_of(batch), now()
    elif batch.requests_purged_at or batch.results_purged_at:
        part.problem, part.ended_at = "The results of its batch were no longer kept.", now()
    else:
        _read_page(session, judging, part)
    return Step(more=True)


def _read_page(session: Session, judging: Judging, part: JudgingPart) -> None:
    last = part.line + LINES
    wanted = {"batch_id": part.batch_id, "after": part.line, "last": last, "longest": LONGEST_ANSWER}
    said: dict[int, dict[str, tuple[Asked, Said]]] = {}
    for row in session.execute(READ_LINES, wanted):
        verdict = read_said(row.answer) if row.answered else None
        if verdict is not None:
            this = asked(row.custom_id)
            said.setdefault(this.item, {})[this.order] = this, verdict
        elif row.answered:
            part.unreadable += 1
    save(session, [_of_both(judging, both) for both in said.values() if len(both) == 2])
    part.line = last


def _of_both(judging: Judging, both: dict[str, tuple[Asked, Said]]) -> dict[str, Any]:
    (this, straight), (_, swapped) = both["AB"], both["BA"]
    letters, reasons = straight.letter + swapped.letter, (straight.reason, swapped.reason)
    return verdict(judging, this.item, (this.first_id, this.second_id), letters, reasons)


def verdict(
    judging: Judging, item: int, example_ids: Sequence[UUID], said: str | None = None, reasons: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "dataset_id": judging.dataset_id,
        "item": item,
        "models": judging.models,
        "example_ids": list(example_ids),
        "winner": winner(said, judging.models),
        "key_id": judging.key_id,
        "made_at": now(),
        "judging_id": judging.id,
        "said": said,
        "reasons": list(reasons),
    }


def save(session: Session, verdicts: Sequence[dict[str, Any]]) -> None:
    if verdicts:
        session.execute(insert(Comparison).on_conflict_do_nothing(), verdicts)
