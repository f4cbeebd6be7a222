"""What is shown of the outputs of a task. Pure."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from curation.wording import json_text

LONG: Final = "long_text"
# The whole answer stands beside it.
LONGEST_SHOWN: Final = 1000


class Column(NamedTuple):
    # Of a value in the output, such as `verdict.score`.
    path: str
    label: str
    # text, long_text, number, integer, percent, flag or list
    kind: str


def columns_of(task: Mapping[str, Any]) -> list[Column]:
    """As the task's document declares them, in its order."""
    return [
        Column(column["path"], column.get("label") or _label(column["path"]), column.get("kind", "text"))
        for column in task.get("columns", ())
    ]


def rendered(task: Mapping[str, Any], output: str) -> list[tuple[Column, str]]:
    """What an output says, column by column; what it lacks is left out."""
    try:
        said = orjson.loads(json_text(output))
    except orjson.JSONDecodeError:
        return []
    values = ((column, _value_at(said, column.path)) for column in columns_of(task))
    return [(column, shown(column.kind, value)[:LONGEST_SHOWN]) for column, value in values if value is not None]


def shown(kind: str, value: object) -> str:
    """A value as people read it. What is not of the kind that was declared is shown as it is."""
    if value is None:
        return ""
    if kind == "flag" and isinstance(value, bool):
        return "yes" if value else "no"
    if kind in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return NUMBERS[kind].format(value)
    if kind == "list" and isinstance(value, list):
        return ", ".join(shown("text", one) for one in value[:LONGEST_SHOWN])
    return value if isinstance(value, str) else _json(value)


NUMBERS: Final = {"number": "{:,.2f}", "integer": "{:,.0f}", "percent": "{:.0%}"}


def _json(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return "nested too deeply to be shown"


def _label(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ").capitalize()


def _value_at(value: Any, path: str) -> object:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
