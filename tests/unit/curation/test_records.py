"""Records of files: JSON lines and CSV, good and hostile, from any place on."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.file_lines import Blocks, Place
from curation.records import read_records
from curation.uploads import ASKING, KNOWN
from inference.request_lines import LineInvalid

LIMIT = 100
JSON = b'{"n": 1}\n\n{"n": 2}\r\n{oops\n{"n": 3}'
CSV = b'prompt;Custom_ID;city\r\n"a\nb";x;Oslo\r\n\r\nc;y;"L;i"\n"d";z\n'


def records(content: bytes, place: Place | None = None) -> list[tuple[int, Any]]:
    return [
        (number, said.code if isinstance(said, LineInvalid) else said)
        for number, said in read_records(io.BytesIO(content), place or Place(), LIMIT, ASKING, KNOWN)
        if said is not None
    ]


def test_each_line_of_json_is_a_record_and_a_bad_one_stops_no_other() -> None:
    found = [(1, {"n": 1}), (3, {"n": 2}), (4, "invalid_json_line"), (5, {"n": 3})]
    assert records(JSON) == found
    assert records(b"\xef\xbb\xbf" + JSON) == found


def test_csv_has_quotes_lines_in_values_and_any_usual_separator() -> None:
    found = [
        (2, {"prompt": "a\nb", "custom_id": "x", "city": "Oslo"}),
        (5, {"prompt": "c", "custom_id": "y", "city": "L;i"}),
        (6, {"prompt": "d", "custom_id": "z"}),
    ]
    assert records(CSV) == found
    assert records(b"\xef\xbb\xbf" + CSV) == found


@pytest.mark.parametrize("content", [JSON, CSV])
@pytest.mark.parametrize("taken", range(5))
def test_whoever_goes_on_from_a_place_finds_the_rest(content: bytes, taken: int) -> None:
    place = Place()
    begun = read_records(io.BytesIO(content), place, LIMIT, ASKING, KNOWN)
    first = [one for _, one in zip(range(taken), begun, strict=False) if one[1] is not None]
    assert records(content)[len(first) :] == records(content, place)


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b'{"a": "' + b"x" * 200 + b'"}\n{"n": 1}\n', ["line_too_long", {"n": 1}]),
        (b"prompt\n" + b"x" * 200 + b"\nfine\n", ["line_too_long", {"prompt": "fine"}]),
        (b"prompt\n\xff\xfe\nfine\n", ["invalid_csv_line", {"prompt": "fine"}]),
        (b"prompt\na,b\nfine\n", ["invalid_csv_line", {"prompt": "fine"}]),
        (b"name,answer\na,b\n", ["invalid_file_format"]),
        (b"prompt,Prompt\na,b\n", ["invalid_file_format"]),
        (b"PK\x03\x04zipped", ["invalid_file_format"]),
        (b"\x00\x01\x02", ["invalid_file_format"]),
    ],
)
def test_what_is_no_use_is_named(content: bytes, codes: Sequence[Any]) -> None:
    assert [said for _, said in records(content)] == list(codes)


def test_a_quote_that_is_never_closed_takes_no_more_than_a_line_may_have() -> None:
    found = records(b'prompt\n"open\n' + b"line\n" * 50 + b"last\n")
    assert found[0] == (2, "line_too_long")
    assert found[1:] == [*((number, {"prompt": "line"}) for number in range(3, 53)), (53, {"prompt": "last"})]


def test_a_quote_that_is_never_closed_spoils_its_line_alone() -> None:
    found = records(b'prompt,output\n"Hire Ada?,yes\nHire Bo?,no\nHire Cy?,yes\n')
    assert found == [
        (2, "invalid_csv_line"),
        (3, {"prompt": "Hire Bo?", "output": "no"}),
        (4, {"prompt": "Hire Cy?", "output": "yes"}),
    ]


@pytest.mark.parametrize("begin", [b'{"n": 1}\n', b"prompt\n"])
def test_whoever_reads_is_told_of_empty_lines_too(begin: bytes) -> None:
    """A page of a file ends somewhere even where nothing else comes."""
    found = list(read_records(io.BytesIO(begin + b"\n" * 5), Place(), LIMIT, ASKING))
    assert [said for _, said in found][-5:] == [None] * 5


@pytest.mark.parametrize("content", [JSON, CSV, b"prompt,output\n" + b'"open\n' * 100])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_what_comes_in_blocks_has_the_same_records(content: bytes, size: int) -> None:
    blocks = [b"", *(content[at : at + size] for at in range(0, len(content), size))]
    in_blocks = read_records(Blocks(blocks), Place(), LIMIT, ASKING, KNOWN)
    whole = read_records(io.BytesIO(content), Place(), LIMIT, ASKING, KNOWN)
    assert list(map(repr, in_blocks)) == list(map(repr, whole))


def test_a_file_of_open_quotes_is_not_read_again_for_each_of_them() -> None:
    """Each of its lines closes a quote and opens another."""
    content = b"prompt,output\n" + b'b","\n' * 100_000
    found = records(content)
    assert found[0] == (2, "line_too_long")
    assert len(found) < len(content) / LIMIT + 100


@given(st.binary(max_size=300), st.sampled_from([b"", b"{", b"prompt\n", b'prompt,a\n"']))
def test_any_bytes_come_to_an_end(content: bytes, begin: bytes) -> None:
    place = Place()
    found = list(read_records(io.BytesIO(begin + content), place, LIMIT, ASKING))
    refused = any(isinstance(said, LineInvalid) and said.code == "invalid_file_format" for _, said in found)
    assert refused or place.offset == len(begin + content) or not found
