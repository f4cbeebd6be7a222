"""A model judges which of two others answers better: beginning, looking, cancelling and deleting.

`curation/judging_parts.py` does the work, `curation/judge_results.py` says what came of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from curation import batch_parts, comparing, datasets
from curation.judge_prompt import CRITERIA
from curation.resuming import SILENT
from curation.runs import BATCH_LINES, WINDOW
from inference import batches
from inference.models import registry
from inference.progress import Progress
from schemas import ids
from schemas.errors import Conflict, JudgingNotFound, RequestInvalid
from schemas.states import RunStatus
from schemas.tables import Batch, Dataset, Judging, JudgingPart
from schemas.text import is_storable

LONGEST_CRITERIA: Final = 2_000

PARTS: Final = text("""
    SELECT min(number) AS first_item, max(number) AS last_item, 2 * count(*) AS requests FROM (
        SELECT number, (row_number() OVER (ORDER BY number) - 1) / :pairs AS part FROM items
        WHERE dataset_id = :dataset_id
          AND EXISTS (
              SELECT FROM outputs WHERE outputs.dataset_id = items.dataset_id AND model = :first AND item = number
          )
          AND EXISTS (
              SELECT FROM outputs WHERE outputs.dataset_id = items.dataset_id AND model = :second AND item = number
          )
    ) AS answered GROUP BY part ORDER BY first_item
""")
# A batch of theirs is to be created, or has ended and its verdicts are to be read, or nothing is left to do.
DUE: Final = text("""
    SELECT id FROM judgings WHERE ended_at IS NULL AND (
        advanced_at < :silent_since AND (
            status = 'cancelling'
            OR EXISTS (
                SELECT FROM judging_parts WHERE judging_id = judgings.id AND batch_id IS NULL AND ended_at IS NULL
            )
        )
        OR EXISTS (
            SELECT FROM judging_parts AS part JOIN batches ON batches.id = part.batch_id
            WHERE part.judging_id = judgings.id AND part.ended_at IS NULL AND batches.ended_at IS NOT NULL
              AND (part.line = 0 OR advanced_at < :silent_since)
        )
        OR NOT EXISTS (SELECT FROM judging_parts WHERE judging_id = judgings.id AND ended_at IS NULL)
    )
""")


@dataclass(frozen=True, slots=True)
class NewJudging:
    # The two whose answers are judged.
    models: Sequence[str]
    judge: str
    # What "better" means; empty for the usual.
    criteria: str = ""
    completion_window: str = WINDOW


def create(
    session: Session, dataset: Dataset, key_id: UUID, wanted: NewJudging, *, lines: int = BATCH_LINES
) -> Judging:
    """A judging of all items that both models have answered by now, in batches of so many lines at most."""
    _check(session, dataset, wanted)
    first, second = sorted(wanted.models)
    asked = {"dataset_id": dataset.id, "first": first, "second": second, "pairs": lines // 2}
    found = session.execute(PARTS, asked).all()
    if not found:
        raise Conflict("No prompt was answered by both of these models.", code="nothing_to_judge")
    judging = Judging(
        dataset_id=dataset.id,
        key_id=key_id,
        models=[first, second],
        judge=wanted.judge,
        criteria=wanted.criteria.strip() or CRITERIA,
        completion_window=wanted.completion_window,
        total=sum(part.requests for part in found),
    )
    session.add(judging)
    session.flush()
    session.add_all(
        JudgingPart(judging_id=judging.id, number=number, **part._asdict()) for number, part in enumerate(found)
    )
    session.flush()
    return judging


def _check(session: Session, dataset: Dataset, wanted: NewJudging) -> None:
    known = comparing.models_of(session, dataset)
    if len(wanted.models) != 2 or len(set(wanted.models)) != 2 or not known.keys() >= set(wanted.models):
        raise RequestInvalid("Name two different models that have answered here.", param="models")
    if len(wanted.criteria) > LONGEST_CRITERIA or not is_storable(wanted.criteria):
        raise RequestInvalid(f"Criteria are text of at most {LONGEST_CRITERIA:,} characters.", param="criteria")
    if not is_storable(wanted.judge):
        raise RequestInvalid("No model has such a name.", param="judge")
    registry.get(session, wanted.judge)
    batches.completion_time(wanted.completion_window)


def get(session: Session, tenant: str, public_id: str) -> tuple[Dataset, Judging]:
    return datasets.get_part(session, tenant, Judging, ids.JUDGING, public_id, JudgingNotFound)


def of_dataset(session: Session, dataset: Dataset) -> Sequence[Judging]:
    """The newest first."""
    return session.scalars(select(Judging).where(Judging.dataset_id == dataset.id).order_by(Judging.id.desc())).all()


def parts(session: Session, judgings: Sequence[Judging]) -> dict[UUID, list[JudgingPart]]:
    """What each is made of, in order."""
    found: dict[UUID, list[JudgingPart]] = {judging.id: [] for judging in judgings}
    query = select(JudgingPart).where(JudgingPart.judging_id.in_(found))
    for part in session.scalars(query.order_by(JudgingPart.judging_id, JudgingPart.number)):
        found[part.judging_id].append(part)
    return found


def progress(session: Session, judgings: Sequence[Judging]) -> dict[UUID, Progress]:
    """Over all batches of each: frozen where it has ended."""
    live = [judging for judging in judgings if judging.ended_at is None]
    frozen = {judging.id: Progress(judging.total, judging.completed, judging.failed) for judging in judgings}
    return frozen | counted(session, live) if live else frozen


def counted(session: Session, judgings: Sequence[Judging]) -> dict[UUID, Progress]:
    """As their batches have it now."""
    totals = {judging.id: judging.total for judging in judgings}
    query = select(JudgingPart.judging_id, Batch).join(Batch, Batch.id == JudgingPart.batch_id)
    return batch_parts.counted(session, totals, session.execute(query.where(JudgingPart.judging_id.in_(totals))).all())


def cancel(session: Session, tenant: str, public_id: str) -> Judging:
    """Stop a judging. Verdicts that are there by then are kept."""
    _, judging = get(session, tenant, public_id)
    session.refresh(judging, with_for_update=True)
    if judging.ended_at is None:
        judging.status = RunStatus.CANCELLING
    elif judging.status != RunStatus.CANCELLED:
        raise Conflict(f"Cannot cancel a judging with status '{judging.status}'.", code="invalid_status")
    session.flush()
    return judging


def delete(session: Session, tenant: str, public_id: str) -> Judging:
    """With all its verdicts, once it has ended. Its batches stay."""
    _, judging = get(session, tenant, public_id)
    session.refresh(judging, with_for_update=True)
    if judging.ended_at is None:
        raise Conflict("A judging that runs can't be deleted. Cancel it first.", code="invalid_status")
    session.delete(judging)
    session.flush()
    return judging


def due(session: Session, moment: datetime) -> list[UUID]:
    """Those for which there is something to do that nobody seems to be at."""
    return list(session.scalars(DUE, {"silent_since": moment - SILENT}))
