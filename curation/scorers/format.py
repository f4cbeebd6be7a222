"""Whether an answer has the form that the request asked for."""

import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from curation.task_schemas.output_schema import subschemas
from curation.wording import json_text
from plugins.scoring import Answer, Score

LONGEST_FAULT: Final = 200
LARGEST_SCHEMA: Final = 100_000
# References may lead back to where they come from, and more than one way.
MOST_REFERENCES: Final = 10_000
# What these mean depends on which names a pattern has taken.
LEFT_OVER: Final = ("additionalProperties", "unevaluatedProperties")


class Format:
    name = "format"
    version = 2
    says = "1 where the answer is JSON of the schema that its request asks for; nothing where none was asked for."
    needs_others = needs_reference = False

    def score(self, answer: Answer) -> Score | None:
        wanted = answer.request.get("response_format")
        if not isinstance(wanted, dict) or wanted.get("type") not in ("json_object", "json_schema"):
            return None
        try:
            value = orjson.loads(json_text(answer.output))
        except orjson.JSONDecodeError as error:
            return Score(0.0, f"not JSON: {error}")
        fault = _fault(value, wanted.get("json_schema"))
        return Score(0.0, fault) if fault else Score(1.0)


class TooManySteps(Exception):
    """To hold an answer against this schema would take very long."""


class Steps(threading.local):
    """Of the answer that this thread is at."""

    left = 0

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooManySteps


steps: Final = Steps()


def _refer(validator: Validator, reference: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    steps.take()
    yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, schema)


def _unique(validator: Validator, wanted: object, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Without holding each item against each."""
    if wanted and isinstance(instance, list):
        different = {orjson.dumps(item, option=orjson.OPT_SORT_KEYS) for item in instance}
        if len(different) < len(instance):
            yield ValidationError("has the same item twice")


BOUNDED: Final = extend(Draft202012Validator, {"$ref": _refer, "uniqueItems": _unique})


def _fault(value: Any, given: object) -> str | None:
    schema = given.get("schema") if isinstance(given, Mapping) else None
    if not isinstance(schema, Mapping):
        return None if isinstance(value, dict) else "not an object"
    written = orjson.dumps(schema)
    if len(written) > LARGEST_SCHEMA:
        return "the schema can't be used: it is too large"
    steps.left = MOST_REFERENCES
    try:
        error = next(iter(_validator(written).iter_errors(value)), None)
    except (SchemaError, Unresolvable, RecursionError, TooManySteps) as broken:
        return f"the schema can't be used: {type(broken).__name__}"
    return f"{error.json_path}: {error.message}"[:LONGEST_FAULT] if error else None


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Validator:
    """Thousands of requests have the same one. What it refers to is looked up within it alone, never fetched."""
    wanted = _without_patterns(orjson.loads(schema))
    BOUNDED.check_schema(wanted)
    return BOUNDED(wanted, registry=Registry())


def _without_patterns(schema: dict[str, Any]) -> dict[str, Any]:
    """Schemas come with requests, and a regular expression in one of them could take for ever. Nothing is held against
    them, nor against what they leave over."""
    found = [inner for _, inner in subschemas(schema) if isinstance(inner, dict)]
    by_names = any("patternProperties" in inner for inner in found)
    for inner in found:
        for name in ("pattern", "patternProperties", *(LEFT_OVER if by_names else ())):
            inner.pop(name, None)
    return schema
