"""What the stub engine says where JSON of a schema is asked for: a value of it, drawn from the request's fingerprint.

It knows what schemas of answers are commonly made of. Of the rest (patterns, formats, `allOf`) it knows nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

# Schemas come from strangers: a reference may lead back to where it stands.
MOST_VALUES: Final = 100
LONGEST_TEXT: Final = 1_000
MOST_ITEMS: Final = 2
LARGEST: Final = 1e15


def wanted_schema(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema that a request for a chat or a response wants its answer to have."""
    match request:
        case {"response_format": {"type": "json_schema", "json_schema": {"schema": dict(schema)}}}:
            return schema
        case {"text": {"format": {"type": "json_schema", "schema": dict(schema)}}}:
            return schema
    return None


def value_of(schema: Mapping[str, Any], text: str, fingerprint: bytes) -> Any:
    """A value of the schema, whose strings are `text`: the same for the same fingerprint."""
    return _Drawing(schema, text, Random(fingerprint)).value(schema)


@dataclass
class _Drawing:
    whole: Mapping[str, Any]
    text: str
    random: Random
    left: int = MOST_VALUES

    def value(self, schema: Any) -> Any:
        self.left -= 1
        match schema:
            case {"const": value}:
                return value
            case {"enum": [_, *_] as choices}:
                return self.random.choice(choices)
            case {"$ref": str(reference)} if self.left:
                return self.value(self._part(reference))
            case {"anyOf": [one, *_]} | {"oneOf": [one, *_]} if self.left:
                return self.value(one)
            case {"type": [kind, *_]} | {"type": kind}:
                return self._of_kind(kind, schema)
            case {"properties": _}:
                return self._of_kind("object", schema)
        return self.text

    def _of_kind(self, kind: Any, schema: Mapping[str, Any]) -> Any:
        match kind:
            case "object":
                return {name: self.value(part) for name, part in _mapping(schema, "properties").items() if self.left}
            case "array":
                return [self.value(schema.get("items")) for _ in range(self._many(schema)) if self.left]
            case "integer":
                return self.random.randint(*map(int, _range(schema, 10)))
            case "number":
                return round(self.random.uniform(*_range(schema, 1)), 2)
            case "boolean":
                return self.random.random() < 0.5
            case "null":
                return None
        least = min(LONGEST_TEXT, int(_number(schema, "minLength", 0)))
        return self.text.ljust(least, ".")[: int(_number(schema, "maxLength", LONGEST_TEXT))]

    def _many(self, schema: Mapping[str, Any]) -> int:
        wanted = max(MOST_ITEMS, _number(schema, "minItems", 0))
        return int(min(wanted, _number(schema, "maxItems", wanted), MOST_VALUES))

    def _part(self, reference: str) -> Any:
        """What `#/$defs/name` leads to, if it's anything."""
        path = filter(None, reference.removeprefix("#").split("/"))
        part: Any = self.whole
        for name in path:
            part = part.get(name) if isinstance(part, Mapping) else None
        return part


def _range(schema: Mapping[str, Any], most: float) -> tuple[float, float]:
    low = _number(schema, "minimum", 0)
    return low, max(low, _number(schema, "maximum", low + most))


def _number(schema: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = schema.get(name)
    return value if isinstance(value, int | float) and abs(value) < LARGEST else otherwise


def _mapping(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = schema.get(name)
    return value if isinstance(value, Mapping) else {}
