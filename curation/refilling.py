"""A dataset whose columns have new slots has all its answers read again, a page at a time, each in a transaction.

It may end anywhere, and whoever is told of it next goes on. Until it is through, the slots hold what they held before
beside what they are to hold: nobody filters by them (`columns.filled`).
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from curation import columns, resuming
from curation.columns import ANSWER_SLOTS, SLOTS, Column, Kind, slots_of
from curation.views import View
from schemas.database import OpenSession
from schemas.tables import Dataset, Example, Output, facets
from schemas.tables.base import now

ROWS: Final = 1000

TYPES: Final = {slot: "float8" if slot in SLOTS[Kind.NUMBER] else "text" for slot in ANSWER_SLOTS}
# What holds the same already is not written again.
FILL: Final = text(f"""
    UPDATE facets SET {", ".join(f"{slot} = fresh.{slot}" for slot in TYPES)}
    FROM unnest(CAST(:ids AS uuid[]), {", ".join(f"CAST(:{slot} AS {kind}[])" for slot, kind in TYPES.items())})
        AS fresh (id, {", ".join(TYPES)})
    WHERE facets.id = fresh.id
      AND ROW({", ".join(f"facets.{slot}" for slot in TYPES)})
          IS DISTINCT FROM ROW({", ".join(f"fresh.{slot}" for slot in TYPES)})
""")


def begin(dataset: Dataset) -> None:
    """From its first answer on, also where it was at it already. Whoever begins it holds the dataset's row."""
    dataset.refilled, dataset.refilled_to, dataset.refilled_at = 0, None, now()


def holds_up(dataset: Dataset, view: View) -> bool:
    """Whether it is yet to be seen what a view holds."""
    return dataset.refilled is not None and dataset.deleted_at is None and bool(view.ranges)


def run(open_session: OpenSession, dataset_id: UUID, *, rows: int = ROWS) -> bool:
    return resuming.page_by_page(open_session, lambda session: advance(session, dataset_id, rows=rows))


def advance(session: Session, dataset_id: UUID, *, rows: int = ROWS) -> bool:
    """Fill a page; returns whether there may be more. What comes in meanwhile waits its turn, and has all columns known
    by then."""
    dataset = session.scalar(select(Dataset).where(Dataset.id == dataset_id).with_for_update())
    if dataset is None or dataset.deleted_at is not None or dataset.refilled is None:
        return False
    page = _page(session, dataset, rows)
    if not page:
        dataset.refilled = dataset.refilled_to = dataset.refilled_at = None
        return False
    known = columns.grown(columns.read(dataset.columns), (row.fields for row in page))
    dataset.columns = columns.stored(known)
    _fill(session, known, page)
    dataset.refilled, dataset.refilled_to, dataset.refilled_at = dataset.refilled + len(page), page[-1].id, now()
    return True


def _page(session: Session, dataset: Dataset, rows: int) -> Sequence[Row[UUID, dict[str, Any]]]:
    """By the index of examples, which knows their datasets."""
    query = select(Output.id, Output.fields).join(Example, Example.id == Output.id)
    query = query.where(Example.dataset_id == dataset.id).order_by(Example.id).limit(rows)
    if dataset.refilled_to is not None:
        query = query.where(Example.id > dataset.refilled_to)
    return session.execute(query).all()


def _fill(session: Session, known: Sequence[Column], page: Sequence[Row[UUID, dict[str, Any]]]) -> None:
    ids = [row.id for row in page]
    # Scorers write into the same rows: whoever locks some does so in one order.
    session.execute(select(facets.c.id).where(facets.c.id.in_(ids)).order_by(facets.c.id).with_for_update())
    held = [slots_of(known, row.fields) for row in page]
    values = {slot: [slots.get(slot) for slots in held] for slot in TYPES}
    session.execute(FILL, {"ids": ids, **values})
