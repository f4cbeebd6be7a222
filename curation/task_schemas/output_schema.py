"""The JSON Schema of what a model is to answer: whether it is one, and what can be found in it. Pure.

Nothing is ever fetched: a `$ref` leads to another part of the same schema, or it is a fault.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

from curation.task_schemas import shape
from curation.task_schemas.faults import Fault, Path, shown

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_OF_SCHEMAS: Final = Draft202012Validator(Draft202012Validator.META_SCHEMA)
# Keywords that hold schemas by name, those that hold data, and those that make names for other documents.
MAPS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
DATA: Final = frozenset({"enum", "const", "default", "examples"})
REFUSED: Final = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary")
BRANCHES: Final = ("allOf", "anyOf", "oneOf")


def faults_of(schema: Mapping[str, Any]) -> list[Fault]:
    found = shape.faults_of(schema, SCHEMA_OF_SCHEMAS)
    if schema.get("type") != "object":
        found.append(Fault(("type",), 'An output is an object: `"type": "object"`.'))
    if schema.get("$schema", DIALECT) != DIALECT:
        found.append(Fault(("$schema",), f"Must be `{DIALECT}`, or be left out."))
    for path, inner in subschemas(schema):
        found += [Fault((*path, name), "Can't be used here.") for name in REFUSED if name in inner]
        if "$ref" in inner:
            found += _reference_faults(schema, path, inner)
    return found


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


def has_path(schema: Mapping[str, Any], path: str) -> bool:
    """Whether an output can have a value at a path like `verdict.score`."""
    found: Iterable[Mapping[str, Any]] = [schema]
    for name in path.split("."):
        inner = [one.get("properties", {}) for one in expanded(schema, *found)]
        found = [part[name] for part in inner if isinstance(part, dict) and isinstance(part.get(name), dict)]
    return bool(found)


def paths_of(schema: Mapping[str, Any]) -> list[str]:
    """The values at the top, by their names."""
    inner = [part.get("properties") for part in expanded(schema, schema)]
    return list(dict.fromkeys(name for part in inner if isinstance(part, dict) for name in part))


def expanded(root: Mapping[str, Any], *schemas: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Schemas with those that they refer to and those that they are put together from, each once."""
    seen: set[int] = set()
    waiting: list[object] = [*schemas]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting.extend(part for name in BRANCHES if isinstance(one.get(name), list) for part in one[name])
        if isinstance(one.get("$ref"), str):
            waiting.append(resolved(root, one["$ref"]))


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
