"""The requests of a chunk that have no result yet, a page at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import text

from inference.claiming import Claim
from schemas.database import session_scope

PAGE: Final = 500
PAGE_BYTES: Final = 16 * 1024**2
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
# A page has at least one request. Lengths are known without reading what is stored out of line.
READ_PAGE: Final = text(f"""
    SELECT line, custom_id, body FROM (
        SELECT *, sum(octet_length(body)) OVER (ORDER BY line) - octet_length(body) AS bytes_before
        FROM (SELECT line, custom_id, body {UNANSWERED} ORDER BY line LIMIT :at_most) AS next
    ) AS page WHERE bytes_before < :at_most_bytes ORDER BY line
""")
COUNT: Final = text(f"SELECT count(*) {UNANSWERED}")


class Waiting(NamedTuple):
    line: int
    custom_id: str
    body: str


def read_page(
    claim: Claim, after_line: int, up_to: int = LAST_LINE, at_most: int = PAGE, at_most_bytes: int = PAGE_BYTES
) -> Sequence[Waiting]:
    wanted = claim.fence | {
        "after_line": after_line,
        "up_to": up_to,
        "at_most": at_most,
        "at_most_bytes": at_most_bytes,
    }
    with session_scope() as session:
        return [Waiting(*row) for row in session.execute(READ_PAGE, wanted)]


def count(claim: Claim, up_to: int) -> int:
    with session_scope() as session:
        return int(session.scalar(COUNT, claim.fence | {"after_line": 0, "up_to": up_to}) or 0)
