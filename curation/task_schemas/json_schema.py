"""JSON Schemas that strangers wrote: what is wrong with one, and what holds an answer against it. Pure.

Nothing is ever fetched: a `$ref` leads to another part of the same schema, or it is a fault.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from curation.task_schemas import shape
from curation.task_schemas.faults import Fault, Path, shown

SCHEMA_OF_SCHEMAS: Final = Draft202012Validator(Draft202012Validator.META_SCHEMA)
# A regular expression could take for ever, so no text is held against one.
WITHOUT_PATTERNS: Final = extend(Draft202012Validator, {"pattern": lambda *_: (), "patternProperties": lambda *_: ()})
# Keywords that hold schemas by name, and those that hold data.
MAPS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
DATA: Final = frozenset({"enum", "const", "default", "examples"})


def faults_of(schema: Mapping[str, Any]) -> list[Fault]:
    found = shape.faults_of(schema, SCHEMA_OF_SCHEMAS)
    for path, inner in subschemas(schema):
        if "$ref" in inner:
            found += _reference_faults(schema, path, inner)
    return found


def validator_of(schema: Mapping[str, Any]) -> Validator:
    """Of a schema without faults."""
    return WITHOUT_PATTERNS(schema, registry=Registry())


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


def _reference_faults(root: Mapping[str, Any], path: Path, schema: Mapping[str, Any]) -> Iterator[Fault]:
    reference, place = schema["$ref"], (*path, "$ref")
    if not isinstance(reference, str):
        return
    if not reference.startswith("#"):
        yield Fault(place, "Must lead to another part of this schema, as `#/$defs/name` does: nothing is fetched.")
    elif not isinstance(resolved(root, reference), dict | bool):
        yield Fault(place, f"`{shown(reference)}` leads nowhere in this schema.")
    elif _goes_round(root, schema):
        yield Fault(place, f"`{shown(reference)}` leads back to itself.")


def _goes_round(root: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether one reference leads to the next without end, and never to a schema that says something."""
    seen: set[int] = set()
    current: object = schema
    while isinstance(current, dict) and isinstance(current.get("$ref"), str):
        if id(current) in seen:
            return True
        seen.add(id(current))
        current = resolved(root, current["$ref"])
    return False
