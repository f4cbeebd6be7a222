"""The requests of a chunk that have no result yet, a page at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, select

from inference import claiming
from inference.claiming import Claim
from schemas.database import session_scope
from schemas.tables import Request, Result

PAGE: Final = 500
LAST_LINE: Final = 2**31 - 1


class Waiting(NamedTuple):
    line: int
    custom_id: str
    body: str


def read_page(claim: Claim, after_line: int, up_to: int = LAST_LINE, at_most: int = PAGE) -> Sequence[Waiting]:
    """The next requests for the engine. That it may get them is on record before it does."""
    wanted = select(Request.line, Request.custom_id, Request.body).where(_unanswered(claim, after_line, up_to))
    with session_scope() as session:
        page = [Waiting(*row) for row in session.execute(wanted.order_by(Request.line).limit(at_most))]
        if page:
            claiming.reach(session, claim, page[-1].line)
        return page


def count(claim: Claim, up_to: int) -> int:
    with session_scope() as session:
        return session.scalar(select(func.count()).where(_unanswered(claim, 0, up_to))) or 0


def _unanswered(claim: Claim, after_line: int, up_to: int) -> ColumnElement[bool]:
    has_result = exists().where(Result.batch_id == Request.batch_id, Result.line == Request.line)
    return and_(
        Request.batch_id == claim.batch_id,
        Request.chunk == claim.number,
        Request.line > after_line,
        Request.line <= up_to,
        ~has_result,
    )
