"""Files of rows become files of requests: what is no use is told of by its line, and stops no other."""

import json
from typing import Any

import pytest

from curation.task_schemas.request_files import RequestFile
from schemas.errors import RowsInvalid
from tests.unit.curation.task_schemas.documents import TASK

MODEL = "org/model"
HEADER = b"candidate_id,profile\n"


def made(content: bytes) -> tuple[list[tuple[str, str]], list[tuple[Any, Any]]]:
    """Ids and prompts of the requests, and the lines and columns of the rows that have none."""
    file = RequestFile(TASK, MODEL, skips_bad_rows=True)
    lines = b"".join(file.blocks([content[:7], b"", content[7:]])).splitlines()
    requests = [json.loads(line) for line in lines]
    asked = [(one["custom_id"], one["body"]["messages"][1]["content"].partition("\n")[2]) for one in requests]
    return asked, [(fault["line"], fault["column"]) for fault in file.faults]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_of_a_csv_file_may_hold_lines(separator: str) -> None:
    text = '\ufeffcandidate_id,Profile\r\n1,"x\n""y"""\r\n\r\n2,é'.replace(",", separator)
    assert made(text.encode()) == ([("1", 'x\n"y"'), ("2", "é")], [])


def test_rows_may_be_json_lines() -> None:
    rows = [b'{"candidate_id": 1, "profile": "a"}', b"", b"[1]", b"{", b'{"candidate_id": 2}', HEADER]
    asked, faults = made(b"\xef\xbb\xbf" + b"\n".join(rows))
    assert asked == [("1", "a")]
    assert faults == [(3, None), (4, None), (5, "profile"), (6, None)]


@pytest.mark.parametrize(
    ("row", "column"),
    [(b"1", "profile"), (b"1,2,3", None), (b"1,\xff", None), (b'1,"x"y', None), (b'1,"open', None), (b'"1,x', None)],
)
def test_a_bad_row_stops_no_other(row: bytes, column: str | None) -> None:
    assert made(HEADER + b"c-1,Nurse\n" + row + b"\nc-2,Cook\n") == (
        [("c-1", "Nurse"), ("c-2", "Cook")],
        [(3, column)],
    )


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER, b"a,b\n1,2\n", b"PK\x03\x04", HEADER + b"1\n"])
def test_a_file_without_a_good_row_is_refused(content: bytes) -> None:
    with pytest.raises(RowsInvalid):
        made(content)


def test_a_bad_row_leaves_nothing_unless_such_are_left_out() -> None:
    with pytest.raises(RowsInvalid) as refused:
        list(RequestFile(TASK, MODEL).blocks([HEADER + b"c-1,Nurse\nc-2,\nc-3,Cook\n"]))
    assert [fault["line"] for fault in refused.value.faults] == [3]
