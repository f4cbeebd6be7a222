"""Whether an answer has the form that the request asked for."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from jsonschema.protocols import Validator
from referencing.exceptions import Unresolvable

from curation.task_schemas import json_schema
from curation.task_schemas.faults import shown_path
from curation.wording import json_text
from plugins.scoring import Answer, Score

LONGEST_FAULT: Final = 200


class SchemaInvalid(Exception):
    """Requests are asked with any schema that an engine takes."""


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
        try:
            fault = _fault(value, wanted.get("json_schema"))
        except orjson.JSONEncodeError:
            # What is nested deeper than it can be written is neither right nor wrong.
            return None
        return Score(0.0, fault[:LONGEST_FAULT]) if fault else Score(1.0)


def _fault(value: Any, given: object) -> str | None:
    schema = given.get("schema") if isinstance(given, Mapping) else None
    if not isinstance(schema, Mapping):
        return None if isinstance(value, dict) else "not an object"
    written = orjson.dumps(schema)
    if len(written) > json_schema.LARGEST:
        return "the schema can't be used: it is too large"
    try:
        error = json_schema.first_error(_validator(written), value)
    except SchemaInvalid as invalid:
        return f"the schema can't be used: {invalid}"
    except (Unresolvable, RecursionError, ValueError, json_schema.TooManySteps) as broken:
        # Names that are no addresses, and answers that are nested as deep as their schema allows.
        return f"the schema can't be used: {type(broken).__name__}"
    return f"{error.json_path}: {error.message}" if error else None


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Validator:
    """Thousands of requests have the same one."""
    wanted = orjson.loads(schema)
    faults = json_schema.faults_of(wanted)
    if faults:
        raise SchemaInvalid(f"{shown_path(faults[0].path)}: {faults[0].message}")
    return json_schema.validator_of(wanted)
