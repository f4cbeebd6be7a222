"""The lines of a file that somebody has written, from any place on.

Files are hostile: no line is held once it is over the limit.
"""

import codecs
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any, Final

from inference.request_lines import LineInvalid

READ_AHEAD: Final = 1 << 20
# What stands first says what a file is.
SAMPLE: Final = 4096


@dataclass(slots=True)
class Place:
    """How far a file is read: whole lines, and their bytes."""

    offset: int = 0
    line: int = 0


class Blocks(io.RawIOBase):
    """A stream of what comes in blocks."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest and (block := next(self._blocks, None)) is not None:
            self._rest = block
        size = min(len(self._rest), len(buffer))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class Lines:
    """The lines from a place on; the place moves with them."""

    def __init__(self, stream: IO[bytes] | Blocks, max_bytes: int) -> None:
        self._stream = io.BufferedReader(stream, READ_AHEAD)  # type: ignore[type-var]
        # What is read before the stream is.
        self._again = io.BytesIO()
        self.max_bytes = max_bytes
        self.place = Place()

    def sample(self) -> bytes:
        self._again = io.BytesIO(self._stream.read(SAMPLE))
        return self._again.getvalue()

    def go_to(self, place: Place) -> None:
        if place.offset != self.place.offset:
            self._again = io.BytesIO()
            self._stream.seek(place.offset)
        self.place = place

    def read(self) -> bytes:
        """The next line, empty at the end."""
        line = self.take()
        if len(line) - line.endswith(b"\n") > self.max_bytes:
            self.skip_line()
            raise LineInvalid("line_too_long", f"This line is longer than {self.max_bytes:,} bytes.")
        return line if self.place.line > 1 else line.removeprefix(codecs.BOM_UTF8)

    def take(self) -> bytes:
        """The next line, or the beginning of one that is too long."""
        line = self._next(self.max_bytes + 1)
        self.place.offset += len(line)
        self.place.line += bool(line)
        return line

    def skip_line(self) -> None:
        """What is left of a line that is begun."""
        while rest := self._next(READ_AHEAD):
            self.place.offset += len(rest)
            if rest.endswith(b"\n"):
                return

    def give_back(self, text: bytes) -> None:
        """What was just read from the beginning of a line on."""
        self.place.offset -= len(text)
        self.place.line -= text.count(b"\n") + (not text.endswith(b"\n"))
        if self._again.tell() < self._again.getbuffer().nbytes:
            self._again.seek(-len(text), io.SEEK_CUR)
        else:
            self._again = io.BytesIO(text)

    def _next(self, size: int) -> bytes:
        line = self._again.readline(size)
        return line if line.endswith(b"\n") else line + self._stream.readline(size - len(line))
