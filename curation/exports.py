"""What leaves the workbench: the examples of a view, a page at a time and in the order in which they came."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, Select, func, select

from curation.chats import conversation
from curation.views import ITEM_OF_OUTPUT, View, matching
from schemas.database import OpenSession
from schemas.tables import Dataset, Example, Item, Output

AT_ONCE: Final = 200


def chat_lines(open_session: OpenSession, dataset: Dataset, view: View) -> Iterator[bytes]:
    """Lines to fine-tune on. What somebody has edited stands for what the model said."""
    after: UUID | None = None
    while True:
        with open_session() as session:
            wanted = matching(dataset, view).order_by(Example.id).limit(AT_ONCE)
            page = session.execute(_with_texts(wanted if after is None else wanted.where(Example.id > after))).all()
        if not page:
            return
        yield b"".join(map(_line, page))
        after = page[-1].id


def _with_texts(wanted: Select[Any]) -> Select[UUID, str, str]:
    said = func.coalesce(Example.edited_output, Output.output).label("said")
    return (
        select(Example.id, Item.request, said)
        .join(Output, Output.id == Example.id)
        .join(Item, ITEM_OF_OUTPUT)
        .where(Example.id.in_(wanted))
        .order_by(Example.id)
    )


def _line(row: Row[UUID, str, str]) -> bytes:
    return orjson.dumps(conversation(orjson.loads(row.request), row.said), option=orjson.OPT_APPEND_NEWLINE)
