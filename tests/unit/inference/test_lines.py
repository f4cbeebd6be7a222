import io

from inference.lines import LineTooLong, read_lines


def lines(content: bytes, most: int = 10) -> list[bytes | None]:
    return [None if isinstance(line, LineTooLong) else line for line in read_lines(io.BytesIO(content), most)]


def test_lines_come_with_their_ends_and_the_last_one_needs_none() -> None:
    assert lines(b"a\nb\r\nc") == [b"a\n", b"b\r\n", b"c"]


def test_a_line_over_the_limit_is_told_of_and_the_next_one_is_read() -> None:
    assert lines(b"short\n" + b"x" * 3_000_000 + b"\nnext\n") == [b"short\n", None, b"next\n"]


def test_a_line_at_the_limit_is_kept() -> None:
    assert lines(b"x" * 10 + b"\n" + b"x" * 11) == [b"x" * 10 + b"\n", None]


def test_an_empty_stream_has_no_lines() -> None:
    assert lines(b"") == []
