"""A model judges which of two others answers better: beginning, finding and deleting judgings.

`curation/judging_parts.py` does the work, `curation/judge_results.py` says what came of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from curation import comparing, datasets
from curation.batch_work import BATCH_LINES, WINDOW, lines_allowed
from curation.judge_prompt import CRITERIA
from inference import batches
from inference.models import registry
from schemas import ids
from schemas.errors import Conflict, JudgingNotFound, RequestInvalid
from schemas.limits import LONGEST_CRITERIA
from schemas.tables import Dataset, Judging, JudgingPart
from schemas.text import is_storable

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
    pairs = max(1, lines_allowed(session, key_id, lines) // 2)
    asked = {"dataset_id": dataset.id, "first": first, "second": second, "pairs": pairs}
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
        parts=[JudgingPart(number=number, **part._asdict()) for number, part in enumerate(found)],
    )
    session.add(judging)
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


def delete(session: Session, tenant: str, public_id: str) -> Judging:
    """With all its verdicts, once it has ended. Its batches stay."""
    _, judging = get(session, tenant, public_id)
    session.refresh(judging, with_for_update=True)
    if judging.ended_at is None:
        raise Conflict("A judging that runs can't be deleted. Cancel it first.", code="invalid_status")
    session.delete(judging)
    session.flush()
    return judging
