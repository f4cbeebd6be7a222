import orjson
import pytest

from inference.model_override import with_model
from schemas.errors import RequestInvalid

LINES = b'{"custom_id":"1","body":{"model":"old","n":1}}\r\nnot json\n[]\n{"custom_id":"2","body":{}}'


@pytest.mark.parametrize("block_bytes", [1, 7, 1000])
def test_every_request_asks_for_the_chosen_model_and_other_lines_stay(block_bytes: int) -> None:
    blocks = (LINES[start : start + block_bytes] for start in range(0, len(LINES), block_bytes))
    first, second, third, fourth = b"".join(with_model(blocks, "new", 1000)).split(b"\n")
    assert orjson.loads(first)["body"] == {"model": "new", "n": 1}
    assert (second, third) == (b"not json", b"[]")
    assert orjson.loads(fourth)["body"] == {"model": "new"}


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(RequestInvalid, match="longer than the 100 bytes"):
        list(with_model(iter([b"x" * 60] * 1000), "new", 100))
