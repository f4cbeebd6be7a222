"""A search by words, before anything is put in order.

PostgreSQL takes words to be independent of each other, and can't know how rare a phrase is. Where it takes something
rare for common, it goes through all examples in the order of the page, to find the first few that never come.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from curation.views import View, has_words
from schemas.tables import Dataset, Output

# What is found more often is soon found in any order.
FEW: Final = 1_000
BY_INDEX: Final = text("SET enable_seqscan = off")
AS_EVER: Final = text("RESET enable_seqscan")


def narrowed(session: Session, dataset: Dataset, view: View, *, few: int = FEW) -> View:
    """The view, with what its search finds in the place of the words, where that is little."""
    if not view.search:
        return view
    wanted = select(Output.id).where(Output.dataset_id == dataset.id, has_words(view.search)).limit(few + 1)
    with _by_index(session):
        found = session.scalars(wanted).all()
    return view if len(found) > few else replace(view, search="", found=tuple(found))


@contextmanager
def _by_index(session: Session) -> Iterator[None]:
    """Reading the table from its beginning, PostgreSQL might go through all other datasets first. Pages are read
    without a transaction, so that this is of the connection."""
    session.execute(BY_INDEX)
    try:
        yield
    finally:
        # Where the statement has failed, its own error says why; with the connection or the transaction this goes too.
        with suppress(SQLAlchemyError):
            session.execute(AS_EVER)
