"""The columns of a dataset: values of its answers by which its table is filtered, sorted and summed up. Pure.

An answer that is a JSON object has values by their paths. Those that come first get a slot in the narrow table
`facets`, where each slot has an index: to look into the JSON of hundreds of thousands of answers takes seconds.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from curation.wording import Scalar
from schemas.tables.curation import NUMBER_SLOTS, TEXT_SLOTS

# A longer text is nothing to sort or to count by.
LONGEST_TEXT: Final = 64


class Kind(StrEnum):
    NUMBER = "number"
    TEXT = "text"


# The last ones are for scorers.
SLOTS: Final[Mapping[Kind, Sequence[str]]] = {Kind.NUMBER: NUMBER_SLOTS[:8], Kind.TEXT: TEXT_SLOTS}
SCORE_SLOTS: Final = NUMBER_SLOTS[8:]
# No value of an answer gets such a column.
SCORED: Final = "score:"
ALL_SLOTS: Final = (*NUMBER_SLOTS, *TEXT_SLOTS)


@dataclass(frozen=True, slots=True)
class Column:
    path: str
    kind: Kind
    slot: str

    def slotted(self, value: Scalar) -> float | str | None:
        """The value as its slot holds it; None where it is of another kind, or too long."""
        if self.kind == Kind.NUMBER:
            return _number(value)
        return _text(value) if value is not None and _kind(value) == Kind.TEXT else None

    def read(self, given: Scalar) -> float | str | None:
        """A value that somebody filters by: `7` may well be meant as text."""
        return self.slotted(given) if self.kind == Kind.NUMBER else _text(given)


def read(stored: Sequence[Mapping[str, str]]) -> tuple[Column, ...]:
    return tuple(Column(row["path"], Kind(row["kind"]), row["slot"]) for row in stored)


def stored(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [asdict(column) for column in columns]


def grown(columns: Sequence[Column], answers: Iterable[Mapping[str, Scalar]]) -> tuple[Column, ...]:
    """With a column for each value that these answers have for the first time, while there are slots."""
    known = {column.path: column for column in columns}
    for fields in answers:
        for path, value in fields.items():
            if (
                path not in known
                and not path.startswith(SCORED)
                and (new := _new(path, value, known.values())) is not None
            ):
                known[path] = new
    return tuple(known.values())


def with_scorer(columns: Sequence[Column], scorer: str) -> tuple[Column, ...] | None:
    """With a column for what a scorer says; None where no slot is left for it."""
    path, used = SCORED + scorer, {column.slot for column in columns}
    if find(columns, path) is not None:
        return tuple(columns)
    free = next((slot for slot in SCORE_SLOTS if slot not in used), None)
    return (*columns, Column(path, Kind.NUMBER, free)) if free else None


def slots_of(columns: Iterable[Column], fields: Mapping[str, Scalar]) -> dict[str, float | str]:
    """What of an answer goes into the slots."""
    found = {column.slot: column.slotted(fields.get(column.path)) for column in columns}
    return {slot: value for slot, value in found.items() if value is not None}


def find(columns: Iterable[Column], path: str) -> Column | None:
    return next((column for column in columns if column.path == path), None)


def _new(path: str, value: Scalar, taken: Iterable[Column]) -> Column | None:
    if value is None or (isinstance(value, str) and len(value) > LONGEST_TEXT):
        return None
    kind, used = _kind(value), {column.slot for column in taken}
    free = next((slot for slot in SLOTS[kind] if slot not in used), None)
    return Column(path, kind, free) if free else None


def _kind(value: Scalar) -> Kind:
    """Yes and no are few values that are counted, as texts are."""
    return Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool) else Kind.TEXT


def _number(value: Scalar) -> float | None:
    if value is None or _kind(value) != Kind.NUMBER:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _text(value: Scalar) -> str | None:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= LONGEST_TEXT else None
