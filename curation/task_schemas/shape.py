"""A document against a JSON Schema, with sentences instead of a validator's messages. Pure.

The schema that documents are held against is ours, so are its `says`: what a text has to be where a pattern would not
tell anybody.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError

from curation.task_schemas.faults import MOST_FAULTS, Fault, Path, shown

# To find what somebody may have meant takes a while for each name.
MOST_COMPARED: Final = 100
KINDS: Final = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def faults_of(document: object, validator: Draft202012Validator) -> list[Fault]:
    found: dict[Fault, None] = {}
    for error in validator.iter_errors(document):
        found |= dict.fromkeys(_faults(error))
        if len(found) >= MOST_FAULTS:
            break
    return list(found)


def _faults(error: ValidationError) -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield Fault((*path, name), "Is missing.")
    elif error.validator == "additionalProperties":
        yield from _unknown_names(path, error)
    else:
        yield Fault(path, _sentence(error))


def _unknown_names(path: Path, error: ValidationError) -> Iterator[Fault]:
    known = list(error.schema["properties"])
    for name in error.instance:
        if name not in known:
            yield Fault((*path, name), f"Is not known here.{meant(name, known)}")


def meant(given: object, known: list[str]) -> str:
    close = get_close_matches(given, known[:MOST_COMPARED], 1) if isinstance(given, str) and len(given) < 100 else []
    return f" Did you mean `{close[0]}`?" if close else ""


def _sentence(error: ValidationError) -> str:
    wanted, schema = error.validator_value, error.schema
    says = schema.get("says") if isinstance(schema, Mapping) else None
    if says and error.validator in ("pattern", "maxLength", "minLength"):
        return f"Must be {says}."
    sentence = SENTENCES.get(str(error.validator))
    return sentence(wanted, error.instance) if sentence else f"Does not fit: {shown(error.message)}"


def _kind(wanted: Any, given: object) -> str:
    kinds = wanted if isinstance(wanted, list) else [wanted]
    return f"Must be {' or '.join(KINDS[kind] for kind in kinds)}."


def _one_of(wanted: list[Any], given: object) -> str:
    names = [str(one) for one in wanted]
    return f"Must be one of {', '.join(f'`{name}`' for name in names)}.{meant(given, names)}"


SENTENCES: Final[Mapping[str, Callable[[Any, Any], str]]] = {
    "type": _kind,
    "enum": _one_of,
    "const": lambda wanted, _: f"Must be `{wanted}`.",
    "minLength": lambda _, __: "Must not be empty.",
    "maxLength": lambda most, _: f"Must have at most {most:,} characters.",
    "minItems": lambda least, _: f"Needs at least {least} {'entry' if least == 1 else 'entries'}.",
    "maxItems": lambda most, _: f"Can have at most {most:,} entries.",
    "minimum": lambda least, _: f"Must be at least {least}.",
    "maximum": lambda most, _: f"Must be at most {most}.",
    "exclusiveMinimum": lambda least, _: f"Must be more than {least}.",
    "uniqueItems": lambda _, __: "Has an entry twice.",
    # What only the schema of JSON Schemas asks for.
    "anyOf": lambda _, given: f"Can't be {shown(repr(given))}: it is no type that JSON Schema has.",
    "format": lambda wanted, _: f"Must be a {wanted}.",
}
