"""The requests of a chunk that have no result yet, a page at a time."""

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from inference import pages
from inference.claiming import Claim
from inference.pages import page_query
from inference.result_lines import Line
from schemas.database import session_scope

PAGE: Final = 500

# Whether a request has succeeded; null if it has no result. One look into the index for each request, and never a
# join: PostgreSQL expects one row of a batch that is younger than its statistics, and joined so that each request went
# through all the results of its batch.
SUCCEEDED: Final = (
    "(SELECT succeeded FROM results WHERE results.batch_id = requests.batch_id AND results.line = requests.line)"
)
# For the same reason each request is looked up by itself.
UNANSWERED: Final = f"""
    FROM unnest(CAST(:lines AS integer[])) WITH ORDINALITY AS listed (wanted, place), LATERAL (
        SELECT line, custom_id, body FROM requests
        WHERE batch_id = :batch_id AND line = wanted AND {SUCCEEDED} IS NULL OFFSET 0
    ) AS found
"""
READ_PAGE: Final = text(page_query("place, line, custom_id, body", UNANSWERED, order="place", sized="body"))
READ_CUSTOM_IDS: Final = text(
    "SELECT line, custom_id FROM requests WHERE batch_id = :batch_id AND line = ANY(CAST(:lines AS integer[]))"
)
COUNT: Final = text(f"SELECT count(*) {UNANSWERED}")
ANY_PLACE: Final = text(f"SELECT place {UNANSWERED} ORDER BY random() LIMIT 1")


class Waiting(NamedTuple):
    # How many of the chunk's requests are fed once this one is.
    place: int
    line: int
    custom_id: str
    body: str
    # Those that ask the same.
    repeats: Sequence[Line] = ()

    @property
    def lines(self) -> Sequence[Line]:
        """The lines that its answer is for."""
        return [(self.line, self.custom_id), *self.repeats]


def read_page(
    claim: Claim, after: int, up_to: int, at_most: int = PAGE, at_most_bytes: int = pages.BYTES
) -> list[Waiting]:
    """The next of them between two places; an empty page is the end."""
    with session_scope() as session:
        for start in range(after, up_to, PAGE):
            wanted = {"batch_id": claim.batch_id, "lines": claim.lines[start : min(start + PAGE, up_to)]}
            rows = session.execute(READ_PAGE, wanted | {"rows": at_most, "bytes": at_most_bytes})
            if page := [Waiting(start + place, *request) for place, *request in rows]:
                return _with_repeats(session, claim, page)
    return []


def _with_repeats(session: Session, claim: Claim, page: list[Waiting]) -> list[Waiting]:
    repeats = [claim.repeats.get(str(waiting.line), ()) for waiting in page]
    wanted = list(chain.from_iterable(repeats))
    if not wanted:
        return page
    found = session.execute(READ_CUSTOM_IDS, {"batch_id": claim.batch_id, "lines": wanted})
    custom_ids = {line: custom_id for line, custom_id in found}
    return [
        waiting._replace(repeats=[(line, custom_ids[line]) for line in lines])
        for waiting, lines in zip(page, repeats, strict=True)
    ]


def any_place(claim: Claim) -> int:
    """The place of one of them, by chance."""
    with session_scope() as session:
        return int(session.scalar(ANY_PLACE, {"batch_id": claim.batch_id, "lines": claim.lines}) or 0)


def count(claim: Claim, up_to: int) -> int:
    with session_scope() as session:
        return int(session.scalar(COUNT, {"batch_id": claim.batch_id, "lines": claim.lines[:up_to]}) or 0)
