"""What was asked and what was said, as the texts and values that people look at. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from schemas.text import storable

LONGEST_ASKED: Final = 20_000
MOST_FIELDS: Final = 50
LONGEST_NAME: Final = 200
LONGEST_VALUE: Final = 1000
DEEPEST: Final = 4
FENCE: Final = "```"
WORD: Final = re.compile(r"\w+")

Scalar = str | int | float | bool | None


def asked_of(request: Mapping[str, Any]) -> str:
    """The last thing that a request says: what comes before it is most often the same for many."""
    messages = request.get("messages") or request.get("input") or request.get("prompt") or ""
    if isinstance(messages, list):
        messages = messages[-1] if messages else ""
    if isinstance(messages, dict):
        messages = messages.get("content") or ""
    return storable(text_of(messages))[:LONGEST_ASKED]


def text_of(content: object) -> str:
    """Plain text, or the text among parts of several kinds."""
    if isinstance(content, list):
        return "\n".join(part for part in map(text_of, content) if part)
    if isinstance(content, dict):
        return text_of(content.get("text") or "")
    return content if isinstance(content, str) else ""


def words_of(text: str) -> list[str]:
    """In lower case, without what stands between them."""
    return WORD.findall(text.lower())


def json_text(output: str) -> str:
    """What is to be JSON of an output: models like to put it into a block of code."""
    begin, _, rest = output.strip().partition("\n")
    is_block = rest.endswith(FENCE) and begin.strip().lower() in (FENCE, f"{FENCE}json")
    return rest.removesuffix(FENCE) if is_block else output


def fields_of(output: str) -> dict[str, Scalar]:
    """Where an output is a JSON object: its values by their paths, such as `verdict.score`."""
    try:
        value = orjson.loads(json_text(output))
    except orjson.JSONDecodeError:
        return {}
    fields: dict[str, Scalar] = {}
    for path, scalar in _scalars(value, "", DEEPEST) if isinstance(value, dict) else ():
        if len(fields) == MOST_FIELDS:
            break
        fields[path] = scalar
    return fields


def value_typed(text: str) -> Scalar:
    """What somebody means who types this: `7` and `true` are values, everything else is text. A text that looks like a
    value stands in quotes."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.strip()
    return text if isinstance(found, dict | list) else found


def _scalars(value: Mapping[str, Any], before: str, levels: int) -> Iterator[tuple[str, Scalar]]:
    for name, inner in value.items():
        path = storable(before + name)
        if len(path) > LONGEST_NAME:
            continue
        if isinstance(inner, dict):
            if levels > 1:
                yield from _scalars(inner, f"{path}.", levels - 1)
        elif isinstance(inner, str):
            yield path, storable(inner[:LONGEST_VALUE])
        elif not isinstance(inner, list):
            yield path, inner
