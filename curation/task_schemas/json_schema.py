"""JSON Schemas that strangers wrote: what is wrong with one, and what holds an answer against it. Pure.

Nothing is ever fetched: a `$ref` leads to another part of the same schema, or it is a fault.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from curation.task_schemas import shape
from curation.task_schemas.faults import Fault, Path, shown

SCHEMA_OF_SCHEMAS: Final = Draft202012Validator(Draft202012Validator.META_SCHEMA)
LARGEST: Final = 100_000
# Of one answer, held against one schema. References may lead back to where they come from, and in more than one way.
MOST_STEPS: Final = 100_000
# Faults repeat the values that they are of: so many characters are a step.
STEP_CHARACTERS: Final = 100
# A regular expression could take for ever, and so could finding out what no other keyword has looked at.
NOT_HELD_AGAINST: Final = ("pattern", "patternProperties", "unevaluatedItems", "unevaluatedProperties")
# Keywords that hold schemas by name, and those that hold data.
MAPS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
DATA: Final = frozenset({"enum", "const", "default", "examples"})
Keyword = Callable[[Validator, Any, Any, Any], Iterable[ValidationError] | None]


class TooManySteps(Exception):
    """To hold an answer against this schema would take very long."""


class _Steps(threading.local):
    """Of the answer that a thread is at."""

    left = 0

    def take(self, many: int) -> None:
        self.left -= many
        if self.left < 0:
            raise TooManySteps


_steps: Final = _Steps()


def _counted(keyword: Keyword) -> Keyword:
    """One step, and one for each part of what it looks at."""

    def hold(validator: Validator, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        _steps.take(1 + _parts(wanted) + _parts(value))
        for error in keyword(validator, wanted, value, schema) or ():
            _steps.take(len(error.message) // STEP_CHARACTERS)
            yield error

    return hold


def _parts(value: object) -> int:
    return len(value) if isinstance(value, dict | list) else 0


def _unique(validator: Validator, wanted: object, value: Any, schema: Any) -> Iterator[ValidationError]:
    """Without holding each item against each."""
    if wanted and isinstance(value, list):
        different = {orjson.dumps(item, option=orjson.OPT_SORT_KEYS) for item in value}
        if len(different) < len(value):
            yield ValidationError("has the same item twice")


BOUNDED: Final = extend(
    Draft202012Validator,
    {name: _counted(keyword) for name, keyword in (Draft202012Validator.VALIDATORS | {"uniqueItems": _unique}).items()},
)


def faults_of(schema: Mapping[str, Any]) -> list[Fault]:
    found = shape.faults_of(schema, SCHEMA_OF_SCHEMAS)
    rounds: dict[int, bool] = {}
    for path, inner in subschemas(schema):
        if "$ref" in inner:
            found += _reference_faults(schema, path, inner, rounds)
    return found


def validator_of(schema: Mapping[str, Any]) -> Validator:
    """Of a schema without faults."""
    return BOUNDED(_that_ends(schema), registry=Registry())


def first_error(validator: Validator, value: object) -> ValidationError | None:
    _steps.left = MOST_STEPS
    found: ValidationError | None = next(iter(validator.iter_errors(value)), None)
    return found


def _that_ends(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without what could take for ever, and without what patterns leave over."""
    copy = deepcopy(schema)
    found = [inner for _, inner in subschemas(copy) if isinstance(inner, dict)]
    by_names = any("patternProperties" in inner for inner in found)
    for inner in found:
        for name in (*NOT_HELD_AGAINST, *(("additionalProperties",) if by_names else ())):
            inner.pop(name, None)
    return copy


def subschemas(schema: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The schema and all that are in it."""
    waiting: list[tuple[Path, object, bool]] = [((), schema, False)]
    while waiting:
        path, value, is_map = waiting.pop()
        if isinstance(value, list):
            waiting.extend(((*path, number), inner, False) for number, inner in enumerate(value))
        if not isinstance(value, dict):
            continue
        if not is_map:
            yield path, value
        waiting.extend(
            ((*path, name), inner, not is_map and name in MAPS)
            for name, inner in value.items()
            if is_map or name not in DATA
        )


def resolved(root: Mapping[str, Any], reference: str) -> object:
    """What a reference into this schema leads to; None where there is nothing."""
    pointer = reference.removeprefix("#")
    if not reference.startswith("#") or (pointer and not pointer.startswith("/")):
        return None
    found: Any = root
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isdecimal() and len(name) < 10:
            found = found[int(name)] if int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, dict) else None
    return found


def _reference_faults(
    root: Mapping[str, Any], path: Path, schema: Mapping[str, Any], rounds: dict[int, bool]
) -> Iterator[Fault]:
    reference, place = schema["$ref"], (*path, "$ref")
    if not isinstance(reference, str):
        return
    if not reference.startswith("#"):
        yield Fault(place, "Must lead to another part of this schema, as `#/$defs/name` does: nothing is fetched.")
    elif not isinstance(resolved(root, reference), dict | bool):
        yield Fault(place, f"`{shown(reference)}` leads nowhere in this schema.")
    elif _goes_round(root, schema, rounds):
        yield Fault(place, f"`{shown(reference)}` leads back to itself.")


def _goes_round(root: Mapping[str, Any], schema: Mapping[str, Any], known: dict[int, bool]) -> bool:
    """Whether one reference leads to the next without end, and never to a schema that says something. What is known
    of those on the way is kept: each is followed once."""
    way: list[int] = []
    current: object = schema
    while isinstance(current, dict) and isinstance(current.get("$ref"), str) and id(current) not in known:
        # Whoever comes by again before an end is found goes round.
        known[id(current)] = True
        way.append(id(current))
        current = resolved(root, current["$ref"])
    goes_round = known.get(id(current), False)
    known.update(dict.fromkeys(way, goes_round))
    return goes_round
