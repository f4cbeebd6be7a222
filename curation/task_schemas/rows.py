"""A row of data, as the texts that its prompt takes. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
NUMBER: Final = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,4})?", re.ASCII)
WORDS: Final = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}


class RowInvalid(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


def read_row(columns: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the columns, each as text. What else a row has is left alone."""
    return {column["name"]: _text_of(column, row.get(column["name"])) for column in columns}


def example_row(columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Something for each column, where nobody has given an example."""
    other = {"number": 1.5, "integer": 1, "boolean": True, "json": {}}
    return {column["name"]: other.get(column["type"], f"[{column['name']}]") for column in columns}


def _text_of(column: Mapping[str, Any], value: object) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        if column.get("required"):
            raise RowInvalid(column["name"], "Is required, and empty here.")
        return ""
    found = READERS[column["type"]](value)
    if found is None:
        raise RowInvalid(column["name"], f"Must be {NAMES[column['type']]}.")
    return found


def _text(value: object) -> str | None:
    """Numbers are no text in JSON, but ids are numbers often enough."""
    if isinstance(value, str):
        return value
    return None if isinstance(value, bool | dict | list) else _json(value)


def _integer(value: object) -> str | None:
    return _written(value, WHOLE)


def _number(value: object) -> str | None:
    return _written(value, NUMBER)


def _written(value: object, form: re.Pattern[str]) -> str | None:
    text = value.strip() if isinstance(value, str) else _text(value)
    return text if text is not None and form.fullmatch(text) else None


def _boolean(value: object) -> str | None:
    text = value.strip().lower() if isinstance(value, str) else _json(value)
    return WORDS.get(text or "")


def _any_json(value: object) -> str | None:
    """In a CSV file it is written out."""
    if not isinstance(value, str):
        return _json(value)
    try:
        return _json(orjson.loads(value))
    except orjson.JSONDecodeError:
        return None


def _json(value: object) -> str | None:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return None


READERS: Final[Mapping[str, Callable[[object], str | None]]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": _any_json,
}
NAMES: Final = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "json": "JSON",
}
