"""The requests of a chunk that have no result yet, a page at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import text

from inference.claiming import Claim
from schemas.database import session_scope

PAGE: Final = 500
LAST_LINE: Final = 2**31 - 1

UNANSWERED: Final = """
    FROM requests
    WHERE batch_id = :batch_id AND chunk = :number AND line > :after_line AND line <= :up_to AND NOT EXISTS (
        SELECT FROM results WHERE results.batch_id = requests.batch_id AND results.line = requests.line)
"""
# How far the engine may get is on record before it gets there, for the case that the whole process dies with it. That
# costs no wait for the disk: a power cut that loses it leaves the chunk as it was.
READ_PAGE: Final = text(f"""
    WITH page AS (SELECT line, custom_id, body {UNANSWERED} ORDER BY line LIMIT :at_most),
    note AS (
        UPDATE chunks SET reached = (SELECT max(line) FROM page)
        WHERE batch_id = :batch_id AND number = :number AND epoch = :epoch AND state = 'leased'
              AND EXISTS (SELECT FROM page) AND :noted
        RETURNING set_config('synchronous_commit', 'off', true)
    )
    SELECT line, custom_id, body FROM page ORDER BY line
""")
COUNT: Final = text(f"SELECT count(*) {UNANSWERED}")


class Waiting(NamedTuple):
    line: int
    custom_id: str
    body: str


def read_page(
    claim: Claim, after_line: int, up_to: int = LAST_LINE, at_most: int = PAGE, *, noted: bool = True
) -> Sequence[Waiting]:
    """The next requests for the engine. Not noted are those that can't kill it, since it is elsewhere."""
    wanted = claim.fence | {"after_line": after_line, "up_to": up_to, "at_most": at_most, "noted": noted}
    with session_scope() as session:
        return [Waiting(*row) for row in session.execute(READ_PAGE, wanted)]


def count(claim: Claim, up_to: int) -> int:
    with session_scope() as session:
        return int(session.scalar(COUNT, claim.fence | {"after_line": 0, "up_to": up_to}) or 0)
