"""What a table shows of the outputs of a task. Pure."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

LONG: Final = "long_text"


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


def shown(kind: str, value: object) -> str:
    """A value as people read it. What is not of the kind that was declared is shown as it is."""
    if value is None:
        return ""
    if kind == "flag" and isinstance(value, bool):
        return "yes" if value else "no"
    if kind in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return NUMBERS[kind].format(value)
    if kind == "list" and isinstance(value, list):
        return ", ".join(shown("text", one) for one in value)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


NUMBERS: Final = {"number": "{:,.2f}", "integer": "{:,.0f}", "percent": "{:.0%}"}


def _label(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ").capitalize()
