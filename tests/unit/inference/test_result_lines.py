import json
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from inference.engines.base import Answer
from inference.result_lines import answered_line, on_one_line, result_row, unanswered_line
from schemas.database import copied_text

BATCH, SERVING = UUID(int=7), UUID(int=8)
JSON = st.recursive(st.text() | st.integers(-(2**53), 2**53) | st.booleans() | st.none(), st.lists)


@given(body=JSON, custom_id=st.text(), indent=st.sampled_from([None, 2, "\t"]))
def test_an_answer_stands_on_one_line_however_the_server_laid_it_out(
    body: object, custom_id: str, indent: int | str | None
) -> None:
    laid_out = json.dumps(body, indent=indent).encode()
    line = answered_line(BATCH, (3, custom_id), Answer(200, on_one_line(laid_out)), SERVING)
    assert not any(byte < 0x20 for byte in line)
    read = json.loads(line)
    assert (read["custom_id"], read["response"]["body"], read["error"]) == (custom_id, body, None)


@given(message=st.text())
def test_a_row_for_copy_gives_its_line_back(message: str) -> None:
    line = unanswered_line(BATCH, 3, "c-1", "engine_error", message)
    row = result_row(BATCH, 3, succeeded=False, answer=line)
    assert row.count(b"\n") == 1
    assert copied_text(row.rstrip(b"\n").split(b"\t", 3)[3]) == line
    assert json.loads(line)["error"] == {"code": "engine_error", "message": message}


def test_a_line_says_what_its_answer_comes_from_and_whose_it_is_if_it_is_shared() -> None:
    first = json.loads(answered_line(BATCH, (3, "a"), Answer(200, b"{}"), SERVING))
    second = json.loads(answered_line(BATCH, (9, "b"), Answer(200, b"{}"), SERVING, same_as='a"'))
    assert first["served_by"] == second["served_by"] == "srv_" + SERVING.hex
    assert "same_as" not in first
    assert (second["custom_id"], second["same_as"]) == ("b", 'a"')
    assert second["response"]["body"] == first["response"]["body"]
