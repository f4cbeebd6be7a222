import json
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from inference.engines.base import Answer
from inference.result_lines import answered_lines, result_row, unanswered_line
from schemas.database import copied_text

BATCH = UUID(int=7)
JSON = st.recursive(st.text() | st.integers(-(2**53), 2**53) | st.booleans() | st.none(), st.lists)


@given(body=JSON, custom_id=st.text(), indent=st.sampled_from([None, 2, "\t"]))
def test_an_answer_stands_on_one_line_however_the_server_laid_it_out(
    body: object, custom_id: str, indent: int | str | None
) -> None:
    laid_out = json.dumps(body, indent=indent).encode()
    (line,) = answered_lines(BATCH, [(3, custom_id)], Answer(200, laid_out))
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
