"""Examples with all their texts, those of a view a page at a time and in the order in which they came."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import Row, Select, select

from curation.chats import question_of
from curation.examples import ITEM_OF_OUTPUT, that_fit
from curation.exports.beaten import Deciders, beaten
from curation.formats.learned import Learned, Worse
from curation.views import View, matching
from schemas.database import OpenSession
from schemas.tables import Dataset, Example, Item, Output

AT_ONCE: Final = 200
Texts = Row[Example, int, str, str, str]


def pages(
    open_session: OpenSession, dataset_id: UUID, view: View, deciders: Deciders = Deciders.NOBODY
) -> Iterator[Sequence[Learned]]:
    after: UUID | None = None
    while True:
        with open_session() as session:
            rows = session.execute(_page(session.get_one(Dataset, dataset_id), view, after)).all()
            lost = beaten(session, dataset_id, {row.Example.id: row.item for row in rows}, deciders)
            page = [learned(row, lost[row.Example.id]) for row in rows if row.Example.id in lost]
        if not page:
            return
        yield page
        after = page[-1].id


def _page(dataset: Dataset, view: View, after: UUID | None) -> Select[Example, int, str, str, str]:
    wanted = matching(dataset, view).order_by(Example.id).limit(AT_ONCE)
    if after is not None:
        wanted = wanted.where(Example.id > after)
    return texts_of(wanted)


def texts_of(wanted: Select[UUID]) -> Select[Example, int, str, str, str]:
    """Of examples, by their ids, those that fit on a page."""
    return (
        select(Example, Output.item, Output.output, Item.custom_id, Item.request)
        .join(Output, Output.id == Example.id)
        .join(Item, ITEM_OF_OUTPUT)
        .where(Example.id.in_(that_fit(wanted)))
        .order_by(Example.id)
    )


def learned(row: Texts, lost: Worse | None = None) -> Learned:
    example = row.Example
    return Learned(
        id=example.id,
        version=example.version,
        custom_id=row.custom_id,
        model=example.model,
        status=example.status,
        gold=example.gold,
        score=example.score,
        category=example.category,
        tags=example.tags,
        notes=example.notes,
        messages=question_of(orjson.loads(row.request)),
        own=row.output,
        edited_output=example.edited_output,
        beaten=lost,
    )
