"""A batch's finished lines, while it runs and after: for people who don't want to wait for the output file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from inference import pages
from inference.pages import page_query
from schemas.database import OpenSession
from schemas.errors import ContentGone
from schemas.states import TERMINAL
from schemas.tables import Batch, Result

FINISHED: Final = "FROM results WHERE batch_id = :batch_id AND line > :after_line"
READ_PAGE: Final = text(page_query("line, answer", FINISHED, order="line", sized="answer"))


@dataclass(frozen=True, slots=True)
class ResultStream:
    # More lines will come.
    incomplete: bool
    # Every input line up to this one has its result here or before: ask for the rest with `after_line`.
    last_line: int
    blocks: Iterator[bytes]


def stream(session: Session, batch: Batch, after_line: int, open_session: OpenSession) -> ResultStream:
    """All finished lines after a line of the input, in the order of the input.

    The blocks are read page by page, each in a session of its own, so that a slow reader holds no connection.
    """
    if batch.results_purged_at is not None:
        raise ContentGone("The results of this batch are no longer kept.")
    incomplete = batch.status not in TERMINAL
    last_line = _last_unbroken_line(session, batch.id, after_line) if incomplete else batch.total
    return ResultStream(incomplete, last_line, _blocks(open_session, batch.id, after_line))


def _last_unbroken_line(session: Session, batch_id: UUID, after_line: int) -> int:
    """The line before the first gap."""
    expected = after_line + func.row_number().over(order_by=Result.line)
    numbered = select(Result.line, expected.label("expected")).where(
        Result.batch_id == batch_id, Result.line > after_line
    )
    rows = numbered.subquery()
    unbroken = select(func.max(rows.c.line)).where(rows.c.line == rows.c.expected)
    return session.scalar(unbroken) or after_line


def _blocks(open_session: OpenSession, batch_id: UUID, line: int) -> Iterator[bytes]:
    while True:
        with open_session() as session:
            wanted = {"batch_id": batch_id, "after_line": line, "rows": pages.ROWS, "bytes": pages.BYTES}
            page = session.execute(READ_PAGE, wanted).all()
        if not page:
            return
        yield "".join(f"{answer}\n" for _, answer in page).encode()
        line = page[-1][0]
