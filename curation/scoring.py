"""What scorers say of a dataset: asking one, forgetting it, and looking. `curation/scoring_pages.py` does the work.

What a scorer says becomes a column of the dataset, so the table filters, sorts and sums up by it as by any other
value.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from curation import columns, resuming, scorers
from schemas.errors import Conflict, RequestInvalid
from schemas.states import ScoringStatus
from schemas.tables import Dataset, Example, Score, Scoring, facets


def begin(session: Session, dataset: Dataset, scorer_name: str, key_id: UUID) -> Scoring:
    """Have a scorer say what it thinks of each answer. While it is at it, it is not begun again."""
    scorer = scorers.get(scorer_name)
    session.refresh(dataset, with_for_update=True)
    known = _running(session, dataset, scorer.name)
    if known is not None and known.removes:
        raise Conflict(f"What `{scorer.name}` has said is being removed. Wait until it is.", code="being_removed")
    if known is not None:
        return known
    wider = columns.with_scorer(columns.read(dataset.columns), scorer.name)
    if wider is None:
        raise Conflict(f"A dataset keeps what {len(columns.SCORE_SLOTS)} scorers say. Remove one of them first.")
    dataset.columns = columns.stored(wider)
    new = Scoring(dataset_id=dataset.id, scorer=scorer.name, version=scorer.version, key_id=key_id)
    session.add(new)
    session.flush()
    return new


def remove(session: Session, dataset: Dataset, scorer_name: str, key_id: UUID) -> Scoring:
    """Forget all that a scorer has said here, and give its slot back. Of hundreds of thousands of answers that takes a
    while, so it is done like a scoring that has nothing to say."""
    session.refresh(dataset, with_for_update=True)
    if columns.find(columns.read(dataset.columns), columns.SCORED + scorer_name) is None:
        raise RequestInvalid(f"`{scorer_name}` has scored nothing here.", param="scorer")
    known = _running(session, dataset, scorer_name)
    if known is not None and known.removes:
        return known
    if known is not None:
        known.problem = "It was removed."
        resuming.end(known, ScoringStatus.BROKEN)
    new = Scoring(dataset_id=dataset.id, scorer=scorer_name, version=0, key_id=key_id, removes=True)
    session.add(new)
    session.flush()
    return new


def _running(session: Session, dataset: Dataset, scorer_name: str) -> Scoring | None:
    ours = (Scoring.dataset_id == dataset.id, Scoring.scorer == scorer_name, Scoring.status == ScoringStatus.RUNNING)
    return session.scalar(select(Scoring).where(*ours))


def of_dataset(session: Session, dataset: Dataset) -> Sequence[Scoring]:
    """The latest of each scorer."""
    query = select(Scoring).ext(distinct_on(Scoring.scorer)).where(Scoring.dataset_id == dataset.id)
    return session.scalars(query.order_by(Scoring.scorer, Scoring.id.desc())).all()


def of_example(session: Session, example: Example) -> Sequence[tuple[Score, Scoring]]:
    """What scorers say of it, and where that comes from."""
    query = select(Score, Scoring).join(Scoring, Scoring.id == Score.scoring_id)
    return session.execute(query.where(Score.example_id == example.id).order_by(Score.scorer)).all()


def threshold(session: Session, dataset: Dataset, path: str, share: float) -> float | None:
    """The value that this share of all examples reaches: `0.2` for the best fifth."""
    column = columns.find(columns.filled(dataset), path)
    if column is None or column.kind != columns.Kind.NUMBER:
        raise RequestInvalid(f"`{path}` is no column of numbers.{columns.hint(dataset)}", param="column")
    if not 0 < share <= 1:
        raise RequestInvalid("A share is a number above 0, up to 1.", param="share")
    slot = facets.c[column.slot]
    value = func.percentile_disc(share).within_group(slot.desc())
    return session.scalar(select(value).where(facets.c.dataset_id == dataset.id, slot.is_not(None)))
