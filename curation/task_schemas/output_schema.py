"""The JSON Schema of what a model is to answer in a task: whether it is one, and what can be found in it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from curation.task_schemas import json_schema
from curation.task_schemas.faults import Fault
from curation.task_schemas.json_schema import resolved, subschemas

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
# They make names for other documents.
REFUSED: Final = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary")
BRANCHES: Final = ("allOf", "anyOf", "oneOf")
# From some schemas, by their identities, to those at a name in them.
Steps = dict[tuple[frozenset[int], str], Sequence[Mapping[str, Any]]]


def faults_of(schema: Mapping[str, Any]) -> list[Fault]:
    found = json_schema.faults_of(schema)
    if schema.get("type") != "object":
        found.append(Fault(("type",), 'An output is an object: `"type": "object"`.'))
    if schema.get("$schema", DIALECT) != DIALECT:
        found.append(Fault(("$schema",), f"Must be `{DIALECT}`, or be left out."))
    for path, inner in subschemas(schema):
        found += [Fault((*path, name), "Can't be used here.") for name in REFUSED if name in inner]
    return found


def has_path(schema: Mapping[str, Any], path: str, steps: Steps) -> bool:
    """Whether an output can have a value at a path like `verdict.score`. No step from the same schemas is taken twice:
    of a schema that holds itself there may be thousands."""
    found: Sequence[Mapping[str, Any]] = [schema]
    for name in path.split("."):
        step = (frozenset(map(id, found)), name)
        if step not in steps:
            inner = [one.get("properties", {}) for one in expanded(schema, *found)]
            steps[step] = [part[name] for part in inner if isinstance(part, dict) and isinstance(part.get(name), dict)]
        found = steps[step]
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
