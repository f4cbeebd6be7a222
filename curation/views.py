"""A view of a dataset: what is filtered and searched, in which order, and the page of examples that it shows.

A view is what stands in the address of the table. Bulk changes and exports take one too: what they do is done to all
that the view holds, not to what a page shows of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas import ids
from schemas.errors import CursorUnknown, ExampleNotFound
from schemas.states import ExampleStatus
from schemas.tables import Dataset, Example, Item, Output

ITEM_OF_OUTPUT: Final = and_(Item.dataset_id == Output.dataset_id, Item.number == Output.item)
# What a row of the table shows of a text.
SHOWN_CHARACTERS: Final = 600


class Sort(StrEnum):
    OLDEST = "oldest"
    NEWEST = "newest"
    BEST = "best"
    WORST = "worst"
    CHANGED = "changed"


class Order(NamedTuple):
    by: ColumnElement[Any] | InstrumentedAttribute[Any]
    downwards: bool
    # Its value, read from a cursor.
    read: Callable[[str], Any]


# Those without a score come after all that have one, or before.
SCORE: Final[ColumnElement[Any]] = func.coalesce(Example.score, literal_column("-1.0"))
ORDERS: Final[Mapping[Sort, Order]] = {
    Sort.OLDEST: Order(Example.id, False, UUID),
    Sort.NEWEST: Order(Example.id, True, UUID),
    Sort.BEST: Order(SCORE, True, float),
    Sort.WORST: Order(SCORE, False, float),
    Sort.CHANGED: Order(Example.updated_at, True, datetime.fromisoformat),
}


@dataclass(frozen=True, slots=True)
class View:
    status: ExampleStatus | None = None
    gold: bool | None = None
    model: str | None = None
    category: str | None = None
    tag: str | None = None
    score_from: float | None = None
    score_to: float | None = None
    search: str = ""
    # Values of outputs that are JSON, by their paths.
    fields: Mapping[str, Any] = field(default_factory=dict)


class Shown(NamedTuple):
    example: Example
    item: int
    asked: str
    output: str
    # Where the next page goes on.
    cursor: str


@dataclass(frozen=True, slots=True)
class TablePage:
    rows: Sequence[Shown]
    has_more: bool


def matching(dataset_id: UUID, view: View) -> Select[Any]:
    """The ids of all examples that a view holds."""
    return _joined(select(Example.id), dataset_id, view)


def count(session: Session, dataset: Dataset, view: View) -> int:
    return session.scalar(_joined(select(func.count()).select_from(Example), dataset.id, view)) or 0


def page(session: Session, dataset: Dataset, view: View, sort: Sort, after: str | None, limit: int) -> TablePage:
    order = ORDERS[sort]
    key = (order.by, Example.id)
    columns = (
        Example,
        Output.item,
        func.left(Output.asked, SHOWN_CHARACTERS),
        func.left(Output.output, SHOWN_CHARACTERS),
        order.by,
    )
    query = _conditions(select(*columns).join(Output, Output.id == Example.id), dataset.id, view)
    if after is not None:
        place = tuple_(*_parsed(after, order))
        query = query.where(tuple_(*key) < place if order.downwards else tuple_(*key) > place)
    query = query.order_by(*(column.desc() if order.downwards else column.asc() for column in key))
    found = [
        Shown(example, item, asked, output, f"{value}~{example.id.hex}")
        for example, item, asked, output, value in session.execute(query.limit(limit + 1))
    ]
    return TablePage(found[:limit], has_more=len(found) > limit)


def get(session: Session, tenant: str, public_id: str) -> tuple[Dataset, Example]:
    query = (
        select(Dataset, Example)
        .join(Example, Example.dataset_id == Dataset.id)
        .where(Example.id == ids.parse(ids.EXAMPLE, public_id, ExampleNotFound))
        .where(Dataset.tenant == tenant, Dataset.deleted_at.is_(None))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise ExampleNotFound(public_id)
    return found


def texts(session: Session, example_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Output, Item]]:
    """What was asked and said, in full."""
    query = select(Output, Item).join(Item, ITEM_OF_OUTPUT).where(Output.id.in_(example_ids))
    return {output.id: (output, item) for output, item in session.execute(query)}


def _joined(query: Select[Any], dataset_id: UUID, view: View) -> Select[Any]:
    """With the outputs only where the view asks for something of theirs: they are many times as large."""
    if view.search or view.fields:
        query = query.join(Output, Output.id == Example.id)
    return _conditions(query, dataset_id, view)


def _conditions(query: Select[Any], dataset_id: UUID, view: View) -> Select[Any]:
    query = query.where(Example.dataset_id == dataset_id)
    for column, wanted in (
        (Example.status, view.status),
        (Example.gold, view.gold),
        (Example.model, view.model),
        (Example.category, view.category),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if view.tag is not None:
        query = query.where(Example.tags.contains([view.tag]))
    if view.score_from is not None:
        query = query.where(Example.score >= view.score_from)
    if view.score_to is not None:
        query = query.where(Example.score <= view.score_to)
    if view.search:
        query = query.where(Output.search.op("@@")(func.websearch_to_tsquery("simple", view.search)))
    if view.fields:
        query = query.where(Output.fields.contains(dict(view.fields)))
    return query


def _parsed(cursor: str, order: Order) -> tuple[Any, UUID]:
    value, _, digits = cursor.rpartition("~")
    try:
        return order.read(value), UUID(digits)
    except ValueError:
        raise CursorUnknown(cursor) from None
