"""The requests of a chunk that have no result yet, a page at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import text

from inference import pages
from inference.claiming import Claim
from inference.pages import page_query
from schemas.database import session_scope

PAGE: Final = 500
LAST_LINE: Final = 2**31 - 1

# Whether a request has succeeded; null if it has no result. One look into the index for each request, and never a
# join: PostgreSQL expects one row of a batch that is younger than its statistics, and joined so that each request went
# through all the results of its batch.
SUCCEEDED: Final = (
    "(SELECT succeeded FROM results WHERE results.batch_id = requests.batch_id AND results.line = requests.line)"
)
UNANSWERED: Final = f"""
    FROM requests
    WHERE batch_id = :batch_id AND chunk = :number AND line > :after_line AND line <= :up_to AND {SUCCEEDED} IS NULL
"""
READ_PAGE: Final = text(page_query("line, custom_id, body", UNANSWERED, order="line", sized="body"))
ANY_LINE: Final = text(f"SELECT line {UNANSWERED} ORDER BY random() LIMIT 1")
COUNT: Final = text(f"SELECT count(*) {UNANSWERED}")


class Waiting(NamedTuple):
    line: int
    custom_id: str
    body: str


def read_page(
    claim: Claim, after_line: int, up_to: int = LAST_LINE, at_most: int = PAGE, at_most_bytes: int = pages.BYTES
) -> Sequence[Waiting]:
    wanted = claim.fence | {"after_line": after_line, "up_to": up_to, "rows": at_most, "bytes": at_most_bytes}
    with session_scope() as session:
        return [Waiting(*row) for row in session.execute(READ_PAGE, wanted)]


def any_line(claim: Claim) -> int:
    """The line of one of them, by chance."""
    with session_scope() as session:
        return int(session.scalar(ANY_LINE, claim.fence | {"after_line": 0, "up_to": LAST_LINE}) or 0)


def count(claim: Claim, up_to: int) -> int:
    with session_scope() as session:
        return int(session.scalar(COUNT, claim.fence | {"after_line": 0, "up_to": up_to}) or 0)
