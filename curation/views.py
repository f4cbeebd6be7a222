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
from sqlalchemy.orm import Session, aliased

from curation import columns, datasets, splits
from curation.columns import Column
from schemas import ids
from schemas.errors import ExampleNotFound, RequestInvalid, SplitNotFound
from schemas.states import ExampleStatus, Side
from schemas.tables import Dataset, Example, Item, Output, Split, SplitItem, facets

# A page of texts ends early where they are long.
PAGE_BYTES: Final = 16 * 1024**2
ITEM_OF_OUTPUT: Final = and_(Item.dataset_id == Output.dataset_id, Item.number == Output.item)
SIZE: Final = func.octet_length(Output.output) + func.octet_length(Item.request)


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
    # Of the items of a split those on a side of it, or on any.
    split: UUID | None = None
    side: Side | None = None
    search: str = ""
    # In place of a search, what it has found.
    found: tuple[UUID, ...] | None = None
    # Values of outputs that are JSON, by their paths.
    fields: Mapping[str, Any] = field(default_factory=dict)
    # Of those that are numbers.
    ranges: Mapping[str, Range] = field(default_factory=dict)


def check(session: Session, dataset: Dataset, view: View) -> View:
    """The view, if what it names is there."""
    if view.split is not None:
        split = session.get(Split, view.split)
        if split is None or split.dataset_id != dataset.id:
            raise SplitNotFound(ids.show(ids.SPLIT, view.split))
        splits.check_made(split)
    # Now, and not in the midst of a stream.
    matching(dataset, view)
    return view


def matching(dataset: Dataset, view: View, *, with_facets: bool = False) -> Select[Any]:
    """The ids of all examples that a view holds. What nobody asks for is not joined: texts are large."""
    query = select(Example.id).where(Example.dataset_id == dataset.id, *_of_examples(view))
    known = columns.filled(dataset)
    quick = list(_of_facets(dataset, known, view))
    if quick or with_facets:
        query = query.join(facets, facets.c.id == Example.id).where(facets.c.dataset_id == dataset.id, *quick)
    slow = list(_of_outputs(known, view))
    if slow:
        query = query.join(Output, Output.id == Example.id).where(Output.dataset_id == dataset.id, *slow)
    return query


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
    return select(measured.c.id).where(measured.c.bytes_before < PAGE_BYTES)


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


def has_words(search: str) -> ColumnElement[bool]:
    """Of an output, or of what was asked for it: words, phrases in quotes, `or`, and a minus before what it lacks."""
    return Output.search.op("@@")(func.websearch_to_tsquery("simple", search))


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
    if view.found is not None:
        yield Example.id.in_(view.found)
    if view.split is not None:
        yield _on_side(view.split, view.side)


def _on_side(split_id: UUID, side: Side | None) -> ColumnElement[bool]:
    """Of this dataset's own splits: of another's nothing is on any side."""
    answer = aliased(Output)
    split = and_(Split.id == split_id, Split.dataset_id == answer.dataset_id)
    on_side = and_(SplitItem.split_id == Split.id, SplitItem.item == answer.item)
    answers = select(answer.id).join(Split, split).join(SplitItem, on_side).where(answer.id == Example.id)
    return (answers if side is None else answers.where(SplitItem.side == side)).correlate(Example).exists()


def _of_facets(dataset: Dataset, known: Sequence[Column], view: View) -> Iterable[ColumnElement[bool]]:
    for path, wanted in view.fields.items():
        column = columns.find(known, path)
        if column is not None:
            value = column.read(wanted)
            yield facets.c[column.slot] == value if value is not None else false()
    for path, wanted in view.ranges.items():
        column = columns.find(known, path)
        if column is None or column.kind != columns.Kind.NUMBER:
            raise RequestInvalid(f"`{path}` is no column of numbers.{columns.hint(dataset)}", param=path)
        if wanted.at_least is not None:
            yield facets.c[column.slot] >= wanted.at_least
        if wanted.below is not None:
            yield facets.c[column.slot] < wanted.below


def _of_outputs(known: Sequence[Column], view: View) -> Iterable[ColumnElement[bool]]:
    if view.search:
        yield has_words(view.search)
    others = {path: value for path, value in view.fields.items() if columns.find(known, path) is None}
    if others:
        yield Output.fields.contains(others)
