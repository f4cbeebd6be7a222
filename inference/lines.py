"""The lines of a stream that may be hostile: none is held whole once it is over the limit."""

import io
from collections.abc import Iterator
from typing import IO, Final

READ_AHEAD: Final = 1 << 20


class LineTooLong(Exception):
    pass


def read_lines(stream: IO[bytes], max_bytes: int) -> Iterator[bytes | LineTooLong]:
    """Each line with its line end; one that is over the limit is skipped and told of instead."""
    buffered = io.BufferedReader(stream, READ_AHEAD)  # type: ignore[type-var]
    while line := buffered.readline(max_bytes + 1):
        if len(line) > max_bytes and not line.endswith(b"\n"):
            while (rest := buffered.readline(READ_AHEAD)) and not rest.endswith(b"\n"):
                pass
            yield LineTooLong()
        else:
            yield line
