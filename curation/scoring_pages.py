"""A scorer goes through a dataset, a page at a time, each page in a transaction of its own.

A scoring that ends anywhere goes on where it was; one that is begun again writes over what was said before. One that
removes what a scorer has said goes the same way, and says nothing.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import Row, Select, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from curation import columns, resuming, scorers
from curation.examples import ITEM_OF_OUTPUT, that_fit
from inference.pages import count_that_fit
from plugins.scoring import Answer, Scorer
from plugins.scoring import Score as Given
from schemas.database import OpenSession
from schemas.errors import ScorerFailed, VbsError
from schemas.states import ScoringStatus
from schemas.tables import Dataset, Example, Item, Output, Score, Scoring, facets
from schemas.text import storable

log = logging.getLogger(__name__)

ROWS: Final = 500
# What is scored by then is kept, and the rest comes with the next page: nobody knows how long a scorer takes.
PAGE_SECONDS: Final = 5.0
MOST_OTHERS: Final = 8
LONGEST_REASON: Final = 300

# Answers, each with its item and what was asked; and texts to the same items, with where they come from.
Page = Sequence[Row[UUID, int, str, str]]
Beside = Mapping[int, Sequence[tuple[UUID, str]]]


def run(open_session: OpenSession, scoring_id: UUID, *, rows: int = ROWS) -> bool:
    return resuming.run(open_session, Scoring, scoring_id, lambda session: advance(session, scoring_id, rows=rows))


def advance(session: Session, scoring_id: UUID, *, rows: int = ROWS, seconds: float = PAGE_SECONDS) -> bool:
    """Score a page; returns whether there may be more."""
    this = resuming.taken(session, Scoring, scoring_id)
    if this is None:
        return False
    page = _page(session, this, rows)
    if not page:
        _end(session, this)
        return False
    dataset = session.get_one(Dataset, this.dataset_id)
    try:
        said = [None] * len(page) if this.removes else _said(session, this, dataset, page, seconds)
    except VbsError as failed:
        this.problem = storable(failed.message)[:LONGEST_REASON]
        resuming.end(this, ScoringStatus.BROKEN)
        return False
    page = page[: len(said)]
    given = {row.id: one for row, one in zip(page, said, strict=True) if one is not None}
    _save(session, this, dataset, given, {row.id for row in page})
    this.after_id, this.seen = page[-1].id, this.seen + len(page)
    this.scored += len(given)
    resuming.advanced(this)
    return True


def _end(session: Session, this: Scoring) -> None:
    if not this.removes:
        resuming.end(this, ScoringStatus.DONE)
        return
    dataset = session.get_one(Dataset, this.dataset_id, with_for_update=True, populate_existing=True)
    path = columns.SCORED + this.scorer
    dataset.columns = columns.stored(one for one in columns.read(dataset.columns) if one.path != path)
    session.execute(delete(Scoring).where(Scoring.dataset_id == dataset.id, Scoring.scorer == this.scorer))


def _said(session: Session, this: Scoring, dataset: Dataset, page: Page, seconds: float) -> Sequence[Given | None]:
    """Of the first answers of a page: as many as come in time, and can be held with what is read beside them."""
    scorer = scorers.get(this.scorer)
    ends = time.monotonic() + seconds
    others: Beside = {}
    references: Beside = {}
    if scorer.needs_others:
        page, others = _beside(session, _others(dataset, page), page)
    if scorer.needs_reference:
        page, references = _beside(session, _references(dataset, page), page)
    said: list[Given | None] = []
    for answer in _answers(page, others, references):
        said.append(_asked(scorer, answer))
        if time.monotonic() > ends:
            break
    return said


def _page(session: Session, this: Scoring, rows: int) -> Page:
    next_ones = select(Example.id).where(Example.dataset_id == this.dataset_id).order_by(Example.id).limit(rows)
    if this.after_id is not None:
        next_ones = next_ones.where(Example.id > this.after_id)
    query = select(Output.id, Output.item, Output.output, Item.request).join(Item, ITEM_OF_OUTPUT)
    return session.execute(query.where(Output.id.in_(that_fit(next_ones))).order_by(Output.id)).all()


def _answers(page: Page, others: Beside, references: Beside) -> Iterator[Answer]:
    for row in page:
        said = [text for other_id, text in others.get(row.item, ()) if other_id != row.id][:MOST_OTHERS]
        reference = next((text for _, text in references.get(row.item, ())), None)
        yield Answer(orjson.loads(row.request), row.output, said, reference)


def _beside(session: Session, wanted: Select[int, UUID, str], page: Page) -> tuple[Page, Beside]:
    """The first of a page, and the texts that are wanted of their items."""
    texts = wanted.subquery()
    size = func.sum(func.octet_length(texts.c.text))
    sizes = {item: many for item, many in session.execute(select(texts.c.item, size).group_by(texts.c.item))}
    # Those of an item are held once.
    kept = page[: count_that_fit([sizes.pop(row.item, 0) for row in page])]
    found: dict[int, list[tuple[UUID, str]]] = {}
    query = select(texts.c.item, texts.c.id, texts.c.text).where(texts.c.item.in_({row.item for row in kept}))
    for item, output_id, text in session.execute(query.order_by(texts.c.id)):
        found.setdefault(item, []).append((output_id, text))
    return kept, found


def _others(dataset: Dataset, page: Page) -> Select[int, UUID, str]:
    """What was said to the same items, as much of it as is compared."""
    place = func.row_number().over(partition_by=Output.item, order_by=Output.id)
    said = (
        select(Output.item, Output.id, Output.output.label("text"), place.label("place"))
        .where(Output.dataset_id == dataset.id, Output.item.in_({row.item for row in page}))
        .subquery()
    )
    return select(said.c.item, said.c.id, said.c.text).where(said.c.place <= MOST_OTHERS + 1)


def _references(dataset: Dataset, page: Page) -> Select[int, UUID, str]:
    """What somebody has starred last, as they have edited it."""
    right = func.coalesce(Example.edited_output, Output.output)
    return (
        select(Output.item, Output.id, right.label("text"))
        .ext(distinct_on(Output.item))
        .join(Example, and_(Example.id == Output.id, Example.gold))
        .where(Output.dataset_id == dataset.id, Output.item.in_({row.item for row in page}))
        .order_by(Output.item, Example.updated_at.desc())
    )


def _asked(scorer: Scorer, answer: Answer) -> Given | None:
    try:
        given = scorer.score(answer)
        return given and Given(_within(float(given.value)), storable(str(given.reason))[:LONGEST_REASON])
    except Exception as error:
        # A plugin's fault would be the same at every repetition.
        log.exception("the scorer %s failed", scorer.name)
        raise ScorerFailed(f"{type(error).__name__}: {error}") from error


def _within(value: float) -> float:
    """From 0 to 1, whatever a plugin says; what is no number is the least."""
    return 0.0 if math.isnan(value) else min(1.0, max(0.0, value))


def _save(session: Session, this: Scoring, dataset: Dataset, given: Mapping[UUID, Given], seen: set[UUID]) -> None:
    column = columns.find(columns.read(dataset.columns), columns.SCORED + this.scorer)
    if column is None:
        return
    # What it said of them before.
    session.execute(delete(Score).where(Score.scorer == this.scorer, Score.example_id.in_(seen)))
    rows = [
        {"example_id": example_id, "scorer": this.scorer, "scoring_id": this.id, **one._asdict()}
        for example_id, one in given.items()
    ]
    if rows:
        session.execute(insert(Score), rows)
    values = [
        {"example": example_id, "score": given[example_id].value if example_id in given else None}
        for example_id in sorted(seen)
    ]
    slot = update(facets).where(facets.c.id == bindparam("example")).values({column.slot: bindparam("score")})
    session.connection().execute(slot, values)
