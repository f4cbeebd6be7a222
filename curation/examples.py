"""Examples of a dataset, and the texts that they are of: a page of them at a time, as texts may be long."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from curation import datasets
from inference.pages import BYTES
from schemas import ids
from schemas.errors import ExampleNotFound
from schemas.tables import Dataset, Example, Item, Output

ITEM_OF_OUTPUT: Final = and_(Item.dataset_id == Output.dataset_id, Item.number == Output.item)
SIZE: Final = func.octet_length(Output.output) + func.octet_length(Item.request)


def get(session: Session, tenant: str, public_id: str) -> tuple[Dataset, Example]:
    return datasets.get_part(session, tenant, Example, ids.EXAMPLE, public_id, ExampleNotFound)


def that_fit(wanted: Select[Any]) -> Select[Any]:
    """Of examples, by their ids, the first: as many as have texts that can be held at once, and one at least.
    PostgreSQL knows lengths without reading what is stored out of line."""
    measured = (
        select(Example.id, (func.sum(SIZE).over(order_by=Example.id) - SIZE).label("bytes_before"))
        .join(Output, Output.id == Example.id)
        .join(Item, ITEM_OF_OUTPUT)
        .where(Example.id.in_(wanted))
        .subquery()
    )
    return select(measured.c.id).where(measured.c.bytes_before < BYTES)


def sizes(session: Session, example_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """How many bytes their texts have."""
    edited = func.coalesce(func.octet_length(Example.edited_output), 0)
    query = select(Example.id, SIZE + edited).join(Output, Output.id == Example.id).join(Item, ITEM_OF_OUTPUT)
    found = session.execute(query.where(Example.id.in_(example_ids)))
    return {example_id: size for example_id, size in found}


def texts(session: Session, example_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Output, Item]]:
    """What was asked and said, in full."""
    query = select(Output, Item).join(Item, ITEM_OF_OUTPUT).where(Output.id.in_(example_ids))
    return {output.id: (output, item) for output, item in session.execute(query)}
