"""The table of a dataset: a page of a view in an order, and how many examples the view holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from curation import columns
from curation.columns import Column, Kind
from curation.views import View, matching
from schemas.errors import CursorUnknown, RequestInvalid
from schemas.tables import Dataset, Example, Output, facets
from schemas.text import is_storable

# What a row of the table shows of a text.
SHOWN_CHARACTERS: Final = 600
# Of more than this many a page says that they are more, and does not count them.
COUNTED: Final = 1000
FIELD: Final = "field."


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
    # Those that have no such value come last, whichever way the others go.
    may_lack: bool = False
    in_facets: bool = False


ORDERS: Final[Mapping[str, Order]] = {
    Sort.OLDEST: Order(Example.id, False, UUID),
    Sort.NEWEST: Order(Example.id, True, UUID),
    Sort.BEST: Order(Example.score, True, float, may_lack=True),
    Sort.WORST: Order(Example.score, False, float, may_lack=True),
    Sort.CHANGED: Order(Example.updated_at, True, datetime.fromisoformat),
}


class Shown(NamedTuple):
    example: Example
    item: int
    asked: str
    output: str
    # What the columns of the dataset hold, by their paths.
    values: Mapping[str, float | str]
    # Where the next page goes on.
    cursor: str


@dataclass(frozen=True, slots=True)
class TablePage:
    rows: Sequence[Shown]
    has_more: bool


class Count(NamedTuple):
    number: int
    # Else there are more.
    exact: bool


def order_of(dataset: Dataset, sort: str) -> Order:
    """`newest`, or a column as in `field.score`, downwards with a minus before it."""
    if sort in ORDERS:
        return ORDERS[sort]
    path = sort.removeprefix("-").removeprefix(FIELD)
    column = columns.find(columns.filled(dataset), path)
    if column is None or not sort.removeprefix("-").startswith(FIELD):
        message = f"`sort` is one of {', '.join(Sort)}, or field. and a column.{columns.hint(dataset)}"
        raise RequestInvalid(message, param="sort")
    read = float if column.kind == Kind.NUMBER else str
    return Order(facets.c[column.slot], sort.startswith("-"), read, may_lack=True, in_facets=True)


def count(session: Session, dataset: Dataset, view: View, most: int | None = COUNTED) -> Count:
    """How many examples a view holds; no more than `most` of them are looked at."""
    if (kept := _kept_count(dataset, view)) is not None:
        return Count(kept, exact=True)
    found = matching(dataset, view).limit(None if most is None else most + 1).subquery()
    number = session.scalar(select(func.count()).select_from(found)) or 0
    return Count(number, True) if most is None or number <= most else Count(most, False)


def count_all(session: Session, dataset: Dataset, view: View) -> int:
    """Counted anew, for who is about to do something with all of them."""
    return session.scalar(select(func.count()).select_from(matching(dataset, view).subquery())) or 0


def page(session: Session, dataset: Dataset, view: View, sort: str, after: str | None, limit: int) -> TablePage:
    order = order_of(dataset, sort)
    keys = _keys(session, dataset, view, order, after, limit + 1)
    rows = _shown(session, columns.filled(dataset), keys[:limit])
    return TablePage(rows, has_more=len(keys) > limit)


def _kept_count(dataset: Dataset, view: View) -> int | None:
    """What the dataset knows of itself."""
    if view == View():
        return dataset.examples
    if view.status is not None and view == View(status=view.status):
        return int(getattr(dataset, view.status))
    return dataset.gold if view == View(gold=True) else None


def _keys(
    session: Session, dataset: Dataset, view: View, order: Order, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """The ids of a page, and by what they are ordered: first those that have it, then those that lack it."""
    value, after_id = _parsed(after, order) if after is not None else (None, None)
    query = matching(dataset, view, with_facets=order.in_facets).add_columns(order.by.label("value"))
    if not order.may_lack:
        return session.execute(_from(query, order, value, after_id).limit(limit)).all()
    found: list[Row[Any]] = []
    if after is None or value is not None:
        having = query.where(order.by.is_not(None))
        found += session.execute(_from(having, order, value, after_id).limit(limit))
        after_id = None
    if len(found) < limit:
        lacking = query.where(order.by.is_(None)).order_by(Example.id)
        lacking = lacking.where(Example.id > after_id) if after_id is not None else lacking
        found += session.execute(lacking.limit(limit - len(found)))
    return found


def _from(query: Select[Any], order: Order, value: Any, after_id: UUID | None) -> Select[Any]:
    key = (order.by, Example.id)
    if after_id is not None:
        place = tuple_(value, after_id)
        query = query.where(tuple_(*key) < place if order.downwards else tuple_(*key) > place)
    return query.order_by(*(column.desc() if order.downwards else column.asc() for column in key))


def _shown(session: Session, known: Sequence[Column], keys: Sequence[Row[Any]]) -> list[Shown]:
    cursors = {key.id: f"{'' if key.value is None else f'={key.value}'}~{key.id.hex}" for key in keys}
    query = (
        select(
            Example,
            Output.item,
            func.left(Output.asked, SHOWN_CHARACTERS),
            func.left(Output.output, SHOWN_CHARACTERS),
            *(facets.c[column.slot] for column in known),
        )
        .join(Output, Output.id == Example.id)
        .join(facets, facets.c.id == Example.id)
        .where(Example.id.in_(cursors))
    )
    shown = {}
    for example, item, asked, output, *slots in session.execute(query):
        values = {column.path: value for column, value in zip(known, slots, strict=True) if value is not None}
        shown[example.id] = Shown(example, item, asked, output, values, cursors[example.id])
    return [shown[key.id] for key in keys]


def _parsed(cursor: str, order: Order) -> tuple[Any, UUID]:
    value, _, digits = cursor.rpartition("~")
    try:
        if not is_storable(value):
            raise ValueError(value)
        return (None if order.may_lack and not value else order.read(value.removeprefix("="))), UUID(digits)
    except ValueError:
        raise CursorUnknown(cursor) from None
