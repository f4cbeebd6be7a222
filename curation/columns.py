"""The columns of a dataset: values of its answers by which its table is filtered, sorted and summed up. Pure.

An answer that is a JSON object has values by their paths. Those that its task declares get a slot in the narrow table
`facets`, where each slot has an index, and those that come first get what slots are left: to look into the JSON of
hundreds of thousands of answers takes seconds.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from curation.task_schemas.columns import Column as Declared
from curation.task_schemas.columns import shown
from curation.wording import Scalar
from schemas.tables import Dataset
from schemas.tables.curation import NUMBER_SLOTS, TEXT_SLOTS

# A longer text is nothing to sort or to count by.
LONGEST_TEXT: Final = 64


class Kind(StrEnum):
    NUMBER = "number"
    TEXT = "text"


# What a task declares. A long text or a list is nothing to sort by: it stands with the answer.
KINDS: Final[Mapping[str, Kind]] = {
    "number": Kind.NUMBER, "integer": Kind.NUMBER, "percent": Kind.NUMBER, "text": Kind.TEXT, "flag": Kind.TEXT,
}  # fmt: skip
FLAGS: Final = {"true": True, "false": False}
# The last ones are for scorers.
SLOTS: Final[Mapping[Kind, Sequence[str]]] = {Kind.NUMBER: NUMBER_SLOTS[:8], Kind.TEXT: TEXT_SLOTS}
ANSWER_SLOTS: Final = (*SLOTS[Kind.NUMBER], *SLOTS[Kind.TEXT])
SCORE_SLOTS: Final = NUMBER_SLOTS[8:]
# No value of an answer gets such a column.
SCORED: Final = "score:"
ALL_SLOTS: Final = (*NUMBER_SLOTS, *TEXT_SLOTS)


@dataclass(frozen=True, slots=True)
class Column:
    path: str
    kind: Kind
    slot: str
    # What its task calls it, and as what it shows its values; empty where no task declares it.
    title: str = ""
    shown_as: str = ""

    @property
    def name(self) -> str:
        return self.title or self.path

    @property
    def is_of_scorer(self) -> bool:
        return self.path.startswith(SCORED)

    def slotted(self, value: Scalar) -> float | str | None:
        """The value as its slot holds it; None where it is too long, or of another kind and nobody has said that it
        is text."""
        if self.kind == Kind.NUMBER:
            return _number(value)
        return _text(value) if value is not None and (self.shown_as or _kind(value) == Kind.TEXT) else None

    def read(self, given: Scalar) -> float | str | None:
        """A value that somebody filters by: `7` may well be meant as text."""
        return self.slotted(given) if self.kind == Kind.NUMBER else _text(given)

    def said(self, value: float | str) -> str:
        """What its slot holds, as people read it: `7` for the number 7.0 where no task says how."""
        if self.shown_as:
            return shown(self.shown_as, FLAGS.get(value, value) if isinstance(value, str) else value)
        return value if isinstance(value, str) else f"{value:.10g}"


def read(stored: Sequence[Mapping[str, str]]) -> tuple[Column, ...]:
    return tuple(
        Column(row["path"], Kind(row["kind"]), row["slot"], row.get("title", ""), row.get("shown_as", ""))
        for row in stored
    )


def stored(columns: Iterable[Column]) -> list[dict[str, Any]]:
    return [asdict(column) for column in columns]


def filled(dataset: Dataset) -> tuple[Column, ...]:
    """Those that hold all their values: while slots are given anew, the ones of scorers alone."""
    known = read(dataset.columns)
    return known if dataset.refilled is None else tuple(column for column in known if column.is_of_scorer)


def hint(dataset: Dataset) -> str:
    """What else to say of a column that is not there."""
    return "" if dataset.refilled is None else " The columns of this dataset are being filled: try again when they are."


def anew(known: Iterable[Column], declared: Iterable[Declared]) -> tuple[Column, ...]:
    """With slots for what a task declares, in its order. What scorers say stays; all else is yet to be seen."""
    given: list[Column] = []
    for path, title, shown_as in declared:
        kind = None if path.startswith(SCORED) else KINDS.get(shown_as)
        slot = _free(kind, given) if kind else None
        if kind and slot:
            given.append(Column(path, kind, slot, title, shown_as))
    return (*given, *(column for column in known if column.is_of_scorer))


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
    of_answers = (column for column in columns if not column.is_of_scorer)
    found = {column.slot: column.slotted(fields.get(column.path)) for column in of_answers}
    return {slot: value for slot, value in found.items() if value is not None}


def find(columns: Iterable[Column], path: str) -> Column | None:
    return next((column for column in columns if column.path == path), None)


def _new(path: str, value: Scalar, taken: Iterable[Column]) -> Column | None:
    if value is None or (isinstance(value, str) and len(value) > LONGEST_TEXT):
        return None
    kind = _kind(value)
    free = _free(kind, taken)
    return Column(path, kind, free) if free else None


def _free(kind: Kind, taken: Iterable[Column]) -> str | None:
    used = {column.slot for column in taken}
    return next((slot for slot in SLOTS[kind] if slot not in used), None)


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
