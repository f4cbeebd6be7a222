from typing import Any

import pytest

from curation.task_schemas.rows import RowInvalid, example_row, read_row
from tests.unit.curation.task_schemas.documents import TASK


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", " as it is ", " as it is "),
        ("text", 1001, "1001"),
        ("integer", "7", "7"),
        ("integer", 7, "7"),
        ("number", " -1.5e3 ", "-1.5e3"),
        ("number", 0.25, "0.25"),
        ("boolean", "Yes", "true"),
        ("boolean", False, "false"),
        ("json", {"a": [1]}, '{"a":[1]}'),
        ("json", '{"a": [1]}', '{"a":[1]}'),
        ("json", "  ", ""),
        ("text", None, ""),
    ],
)
def test_values_become_the_text_that_a_prompt_takes(kind: str, value: object, text: str) -> None:
    assert read_row([{"name": "a", "type": kind}], {"a": value, "b": "left alone"}) == {"a": text}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", True),
        ("text", ["a"]),
        ("integer", "1.0"),
        ("integer", 1.5),
        ("integer", "٣"),
        ("integer", True),
        ("number", "many"),
        ("number", "1" * 1000),
        ("boolean", "maybe"),
        ("boolean", 2),
        ("json", "{"),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: str, value: object) -> None:
    with pytest.raises(RowInvalid):
        read_row([{"name": "a", "type": kind}], {"a": value})


@pytest.mark.parametrize("row", [{}, {"a": None}, {"a": " "}])
def test_what_is_required_is_there(row: dict[str, Any]) -> None:
    with pytest.raises(RowInvalid, match="required"):
        read_row([{"name": "a", "type": "text", "required": True}], row)


def test_a_made_up_row_fits() -> None:
    every_kind = [{"name": kind, "type": kind} for kind in ("text", "number", "integer", "boolean", "json")]
    assert all(read_row(every_kind, example_row(every_kind)).values())
    assert read_row(TASK["data"], example_row(TASK["data"]))
