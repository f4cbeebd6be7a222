"""Whether an answer has the form that the request asked for."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from curation.wording import json_text
from plugins.scoring import Answer, Score

# Schemas come with requests. A regular expression in one of them could take for ever, so texts are not held against it.
WITHOUT_PATTERNS: Final = extend(Draft202012Validator, {"pattern": lambda *_: (), "patternProperties": lambda *_: ()})
LONGEST_FAULT: Final = 200


class Format:
    name = "format"
    version = 1
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


def _fault(value: Any, given: object) -> str | None:
    schema = given.get("schema") if isinstance(given, Mapping) else None
    if not isinstance(schema, Mapping):
        return None if isinstance(value, dict) else "not an object"
    try:
        error = next(iter(_validator(orjson.dumps(schema)).iter_errors(value)), None)
    except (SchemaError, Unresolvable, RecursionError) as broken:
        return f"the schema can't be used: {type(broken).__name__}"
    return f"{error.json_path}: {error.message}"[:LONGEST_FAULT] if error else None


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Validator:
    """Thousands of requests have the same one. What it refers to is looked up within it alone, never fetched."""
    wanted = orjson.loads(schema)
    WITHOUT_PATTERNS.check_schema(wanted)
    return WITHOUT_PATTERNS(wanted, registry=Registry())
