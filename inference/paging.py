"""A page of a list that goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schemas import ids
from schemas.errors import CursorUnknown, NotFound

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: Sequence[Item]
    has_more: bool


def page_of(found: Sequence[Item], limit: int) -> Page[Item]:
    """The page of a query that asked for one more than the limit, to learn whether there is one."""
    return Page(found[:limit], has_more=len(found) > limit)


def newest_page(
    session: Session,
    query: Select[Item],
    id_of: InstrumentedAttribute[UUID],
    prefix: str,
    after: str | None,
    limit: int,
) -> Page[Item]:
    """Of a query, the newest first. `after` is the id of the last one of the page before."""
    if after is not None:
        place = place_of(prefix, after)
        if session.scalar(query.where(id_of == place)) is None:
            raise CursorUnknown(after)
        query = query.where(id_of < place)
    return page_of(session.scalars(query.order_by(id_of.desc()).limit(limit + 1)).all(), limit)


def place_of(prefix: str, cursor: str) -> UUID:
    try:
        return ids.parse(prefix, cursor, NotFound)
    except NotFound:
        raise CursorUnknown(cursor) from None
