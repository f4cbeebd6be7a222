from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from curation.task_schemas.row_files import read_rows
from curation.task_schemas.rows import RowInvalid, example_row, read_row
from schemas.errors import RowsInvalid
from tests.unit.curation.task_schemas.documents import TASK


def read(content: bytes, filename: str = "rows.csv", block: int = 7, longest: int = 1000) -> list[Any]:
    blocks: Iterable[bytes] = (content[at : at + block] for at in range(0, len(content), block))
    return [row.fault or row.values for row in read_rows(filename, blocks, longest)]


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


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_of_a_csv_file_may_hold_lines(delimiter: str) -> None:
    text = '\ufeffa,b\r\n1,"x\n""y"""\r\n\r\n2,é'.replace(",", delimiter)
    assert read(text.encode()) == [{"a": "1", "b": 'x\n"y"'}, {"a": "2", "b": "é"}]


def test_rows_may_be_json_lines() -> None:
    content = b"\xef\xbb\xbf" + orjson.dumps({"a": "x\ny"}) + b'\r\n\n[1]\n{\n{"a": 1}'
    rows = read(content, "rows.jsonl")
    assert rows[0] == {"a": "x\ny"}
    assert "not an object" in rows[1]
    assert "not valid JSON" in rows[2]
    assert rows[3] == {"a": 1}


def test_a_row_with_too_few_or_too_many_values_is_bad_and_the_rest_is_not() -> None:
    rows = read(b"a,b\n1\n1,2,3\n1,2\n")
    assert ["has 2" in str(row) for row in rows] == [True, True, False]


@pytest.mark.parametrize(
    ("content", "filename", "line"),
    [
        (b"a,b\n1,\xff\n", "rows.csv", 2),
        (b'a,b\n1,"x"y\n', "rows.csv", 2),
        (b"a,a\n1,2\n", "rows.csv", 1),
        (b'a,b\n1,"' + b"never closed\n" * 100, "rows.csv", None),
        (b"a,b\n" + b"x" * 3000, "rows.csv", 2),
        (b'{"a": 1}\n' + b"x" * 3000, "rows.jsonl", 2),
    ],
)
def test_a_file_that_can_not_be_read_on_ends_with_the_line(content: bytes, filename: str, line: int | None) -> None:
    with pytest.raises(RowsInvalid) as refused:
        read(content, filename)
    assert line is None or refused.value.faults[0]["line"] == line


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\n\n"])
def test_a_file_may_have_no_rows(content: bytes) -> None:
    assert read(content) == []
