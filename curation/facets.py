"""What a view holds, summed up: how often each value of a column occurs, and how its numbers are spread.

Each is a row of bars, and each bar says by which filter the table shows just its examples.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import CTE, ColumnElement, Double, Select, Text, case, cast, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from curation import columns
from curation.columns import Column, Kind
from curation.histograms import TENTHS, Bar, Scale, step_of
from curation.views import View, matching
from curation.wording import value_typed
from schemas.tables import Dataset, Example, facets

MOST_VALUES: Final = 8
SCORE: Final = "score"
# 0.3 / 0.1 is a little less than 3.
SLIP: Final = 1e-9
# Of the examples themselves, and what the address calls their filters.
WORDS: Final[Mapping[str, str]] = {"status": "status", "category": "category", "tags": "tag", "model": "model"}


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    # Of numbers in their order, of words the most frequent ones.
    bars: Sequence[Bar]
    # What the task of the dataset calls it.
    title: str = ""

    @property
    def filters(self) -> frozenset[str]:
        """All that its bars filter by."""
        return frozenset(name for bar in self.bars for name in bar.filter)


def summed_up(session: Session, dataset: Dataset, view: View) -> list[Facet]:
    known = columns.filled(dataset)
    scales = _scales(session, dataset, known)
    found = _examples(dataset, view, known)
    parts = [_spread(SCORE, found.c.score, TENTHS), *(_words(name, found.c[name]) for name in WORDS)]
    for column in known:
        value = found.c[column.slot]
        parts.append(_spread(column.slot, value, scales[column]) if column in scales else _words(column.slot, value))
    counted: dict[str, list[tuple[str, int]]] = {}
    for name, word, many in session.execute(union_all(*parts)):
        counted.setdefault(name, []).append((word, many))
    return [facet for facet in _facets(counted, known, scales) if facet.bars]


def _scales(session: Session, dataset: Dataset, known: Iterable[Column]) -> dict[Column, Scale]:
    scored = {column: TENTHS for column in known if column.is_of_scorer}
    numbers = [column for column in known if column.kind == Kind.NUMBER and column not in scored]
    ends = []
    for column in numbers:
        slot = facets.c[column.slot]
        ours = select(facets).where(facets.c.dataset_id == dataset.id, slot.is_not(None))
        ends += [ours.with_only_columns(end(slot)).scalar_subquery() for end in (func.min, func.max)]
    row = session.execute(select(*ends)).one() if ends else ()
    pairs = zip(numbers, row[::2], row[1::2], strict=True)
    return scored | {column: Scale(step_of(low, high) if low is not None else 1.0) for column, low, high in pairs}


def _examples(dataset: Dataset, view: View, known: Iterable[Column]) -> CTE:
    """What is to be counted, read once: each part goes over it again."""
    own = [Example.__table__.c[name] for name in (SCORE, *WORDS)]
    slots = [facets.c[column.slot] for column in known]
    query = matching(dataset, view, with_facets=True)
    return query.with_only_columns(*own, *slots).cte("found")


def _words(name: str, value: ColumnElement[Any]) -> Select[str, str, int]:
    word = func.unnest(value) if name == "tags" else value
    words = select(word.label("value")).where(value.is_not(None)).subquery()
    many = func.count()
    most = select(words.c.value, many.label("many")).group_by(words.c.value).order_by(many.desc(), words.c.value)
    counted = most.limit(MOST_VALUES).subquery()
    return select(literal(name, Text).label("name"), counted.c.value, counted.c.many)


def _spread(name: str, value: ColumnElement[Any], scale: Scale) -> Select[str, str, int]:
    bar: ColumnElement[Any]
    if scale.last is None:
        # PostgreSQL divides nothing by what is so much larger that nothing of it would be left.
        tiny, around_zero = func.abs(value) < scale.step * SLIP, func.least(func.sign(value), 0.0)
        bar = case((tiny, around_zero), else_=func.floor(value / scale.step + SLIP))
    else:
        bar = func.width_bucket(cast(value, Double), cast(scale.edges, ARRAY(Double)))
    return (
        select(literal(name, Text).label("name"), cast(bar, Text).label("value"), func.count())
        .where(value.is_not(None))
        .group_by(bar)
    )


def _facets(
    counted: Mapping[str, list[tuple[str, int]]], known: Iterable[Column], scales: Mapping[Column, Scale]
) -> Iterable[Facet]:
    yield Facet(SCORE, _numbers(counted.get(SCORE, []), TENTHS, "score_from", "score_below"))
    for column in known:
        path, values = column.path, counted.get(column.slot, [])
        if column in scales:
            yield Facet(path, _numbers(values, scales[column], f"from.{path}", f"below.{path}"), column.title)
        elif any(many > 1 for _, many in values):
            bars = [Bar(column.said(value), many, {f"field.{path}": _typed(column, value)}) for value, many in values]
            yield Facet(path, bars, column.title)
    for name, filter_name in WORDS.items():
        yield Facet(name, [Bar(value, many, {filter_name: value}) for value, many in counted.get(name, [])])


def _typed(column: Column, text: str) -> str:
    """A text as a filter says it: in quotes where it would be read as something else, as 3.10 is as 3.1."""
    return text if text and column.read(value_typed(text)) == text else orjson.dumps(text).decode()


def _numbers(values: Iterable[tuple[str, int]], scale: Scale, at_least: str, below: str) -> Sequence[Bar]:
    counted = sorted((int(float(number)), many) for number, many in values)
    return [scale.bar(number, many, at_least, below) for number, many in counted]
