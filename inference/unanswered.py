"""The requests of a chunk that have no result yet, a page at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import exists, select

from inference.claiming import Claim
from schemas.database import session_scope
from schemas.tables import Request, Result

PAGE: Final = 500


class Waiting(NamedTuple):
    line: int
    custom_id: str
    body: str


def read_page(claim: Claim, after_line: int) -> Sequence[Waiting]:
    has_result = exists().where(Result.batch_id == Request.batch_id, Result.line == Request.line)
    wanted = select(Request.line, Request.custom_id, Request.body).where(
        Request.batch_id == claim.batch_id, Request.chunk == claim.number, Request.line > after_line, ~has_result
    )
    with session_scope() as session:
        return [Waiting(*row) for row in session.execute(wanted.order_by(Request.line).limit(PAGE))]
