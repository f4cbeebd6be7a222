"""A view of a dataset: what is filtered and searched.

A view is what stands in the address of the table. Bulk changes and exports take one too: what they do is done to all
that the view holds, not to what a page shows of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, select
from sqlalchemy.orm import Session

from curation import columns, datasets
from curation.columns import Column
from schemas import ids
from schemas.errors import ExampleNotFound, RequestInvalid
from schemas.states import ExampleStatus
from schemas.tables import Dataset, Example, Item, Output, facets

ITEM_OF_OUTPUT: Final = and_(Item.dataset_id == Output.dataset_id, Item.number == Output.item)


@dataclass(frozen=True, slots=True)
class Range:
    """From the one, up to but without the other: ranges beside each other have nothing in common."""

    at_least: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class View:
    status: ExampleStatus | None = None
    gold: bool | None = None
    model: str | None = None
    category: str | None = None
    tag: str | None = None
    score_from: float | None = None
    score_to: float | None = None
    score_below: float | None = None
    changed_since: datetime | None = None
    search: str = ""
    # Values of outputs that are JSON, by their paths.
    fields: Mapping[str, Any] = field(default_factory=dict)
    # Of those that are numbers.
    ranges: Mapping[str, Range] = field(default_factory=dict)


def matching(dataset: Dataset, view: View, *, with_facets: bool = False) -> Select[Any]:
    """The ids of all examples that a view holds. What nobody asks for is not joined: texts are large."""
    query = select(Example.id).where(Example.dataset_id == dataset.id, *_of_examples(view))
    known = columns.read(dataset.columns)
    quick = list(_of_facets(known, view))
    if quick or with_facets:
        query = query.join(facets, facets.c.id == Example.id).where(facets.c.dataset_id == dataset.id, *quick)
    slow = list(_of_outputs(known, view))
    if slow:
        query = query.join(Output, Output.id == Example.id).where(Output.dataset_id == dataset.id, *slow)
    return query


def get(session: Session, tenant: str, public_id: str) -> tuple[Dataset, Example]:
    return datasets.get_part(session, tenant, Example, ids.EXAMPLE, public_id, ExampleNotFound)


def texts(session: Session, example_ids: Sequence[UUID]) -> Mapping[UUID, tuple[Output, Item]]:
    """What was asked and said, in full."""
    query = select(Output, Item).join(Item, ITEM_OF_OUTPUT).where(Output.id.in_(example_ids))
    return {output.id: (output, item) for output, item in session.execute(query)}


def _of_examples(view: View) -> Iterable[ColumnElement[bool]]:
    for column, wanted in (
        (Example.status, view.status),
        (Example.gold, view.gold),
        (Example.model, view.model),
        (Example.category, view.category),
    ):
        if wanted is not None:
            yield column == wanted
    if view.tag is not None:
        # The index is of those that have tags at all.
        yield and_(Example.tags.contains([view.tag]), Example.tags != [])
    if view.score_from is not None:
        yield Example.score >= view.score_from
    if view.score_to is not None:
        yield Example.score <= view.score_to
    if view.score_below is not None:
        yield Example.score < view.score_below
    if view.changed_since is not None:
        yield Example.updated_at >= view.changed_since


def _of_facets(known: Sequence[Column], view: View) -> Iterable[ColumnElement[bool]]:
    for path, wanted in view.fields.items():
        column = columns.find(known, path)
        if column is not None:
            value = column.read(wanted)
            yield facets.c[column.slot] == value if value is not None else false()
    for path, wanted in view.ranges.items():
        column = columns.find(known, path)
        if column is None or column.kind != columns.Kind.NUMBER:
            raise RequestInvalid(f"`{path}` is no column of numbers.", param=path)
        if wanted.at_least is not None:
            yield facets.c[column.slot] >= wanted.at_least
        if wanted.below is not None:
            yield facets.c[column.slot] < wanted.below


def _of_outputs(known: Sequence[Column], view: View) -> Iterable[ColumnElement[bool]]:
    if view.search:
        yield Output.search.op("@@")(func.websearch_to_tsquery("simple", view.search))
    others = {path: value for path, value in view.fields.items() if columns.find(known, path) is None}
    if others:
        yield Output.fields.contains(others)
