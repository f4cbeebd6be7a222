"""A backup's file: a tar that is written, and read, from its beginning to its end.

Nobody knows how long a table is before its last row has come, and tar wants lengths first. So an entry is cut into
parts, each a member of its own: `cat NAME.part-*` puts it together. The first entry says what this is, and the last one
lists all others with their checksums: without it a backup is not whole.
"""

import io
import re
import tarfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import IO, Final, Protocol, Self

from inference.backup.manifest import Extent, Head, Manifest, as_json, read_head, read_manifest
from schemas.errors import ArchiveInvalid
from schemas.settings import MIB

HEAD: Final = "head.json"
MANIFEST: Final = "manifest.json"
PART_BYTES: Final = 4 * MIB
BLOCK_BYTES: Final = 262_144
# A head, or a list of contents without the lines of its entries.
LIST_BYTES: Final = 64 * MIB
# One entry's lines in that list are shorter.
LISTED_BYTES: Final = 512
# Also as a regular expression of PostgreSQL. No part begins with a dot, so that none leads out of its folder.
SAFE_NAME: Final = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$"
PART: Final = re.compile(r"(?P<name>.+)\.part-(?P<number>\d{6,})")
# What the libraries raise on a file that is no archive, or a damaged one.
UNREADABLE: Final = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, OverflowError)

# Gets an entry's kind, its name and its content: kinds are `tables`, `contents` and `keys`.
Take = Callable[[str, str, Iterator[bytes]], None]


class Progress(Protocol):
    """Whoever watches."""

    def expect(self, total_bytes: int) -> None: ...

    def advance(self, more_bytes: int) -> None: ...


class Measure:
    """What has passed so far."""

    def __init__(self) -> None:
        self._bytes = self._lines = 0
        self._digest = sha256()

    def add(self, block: bytes) -> None:
        self._bytes += len(block)
        self._lines += block.count(b"\n")
        self._digest.update(block)

    @property
    def extent(self) -> Extent:
        return Extent(self._bytes, self._lines, self._digest.hexdigest())


class ArchiveWriter:
    def __init__(self, stream: IO[bytes], progress: Progress) -> None:
        self._tar = tarfile.TarFile(fileobj=stream, mode="w")
        self._progress = progress

    def begin(self, head: Head) -> None:
        self._progress.expect(head.estimated_bytes)
        self.add(HEAD, [as_json(head)])

    def add(self, name: str, blocks: Iterable[bytes]) -> Extent:
        measure = Measure()
        for number, part in enumerate(_parts(blocks)):
            measure.add(part)
            self._add_part(f"{name}.part-{number:06d}", part)
            self._progress.advance(len(part))
        return measure.extent

    def finish(self, manifest: Manifest) -> None:
        self.add(MANIFEST, [as_json(manifest)])
        self._tar.close()

    def _add_part(self, name: str, part: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = len(part), 0o600, int(time.time())
        self._tar.addfile(member, io.BytesIO(part))
        _forget_members(self._tar)


def _parts(blocks: Iterable[bytes]) -> Iterator[bytes]:
    part = bytearray()
    for block in blocks:
        part += block
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    # Also of what is empty, so that it is there.
    yield bytes(part)


class PlainFile(tarfile.TarInfo):
    """The only kind of member. The library reads others, like a header with a long name, whole, however large."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise _strange(member)
        return member


class ArchiveReader:
    def __init__(self, stream: IO[bytes], progress: Progress) -> None:
        self._progress = progress
        with _readable():
            # The stream is closed by whoever opened it.
            self._tar = tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK_BYTES, tarinfo=PlainFile)  # noqa: SIM115
        self._entries = groupby(self._members(), key=itemgetter(0))
        name, parts = next(self._entries, ("", iter(())))
        if name != HEAD:
            raise ArchiveInvalid("This is no backup.")
        self.head = read_head(whole(HEAD, _joined(parts), LIST_BYTES))
        progress.expect(self.head.estimated_bytes)

    def read(self, take: Take) -> Manifest:
        """Hand out every entry, and find in the end whether they are what was backed up."""
        found: dict[str, Extent] = {}
        for name, parts in self._entries:
            if name == MANIFEST:
                at_most = LIST_BYTES + LISTED_BYTES * len(found)
                manifest = read_manifest(whole(MANIFEST, _joined(parts), at_most))
                _verify(self.head, manifest, found)
                return manifest
            if name in found:
                raise ArchiveInvalid(f"The backup is damaged: it has two of {name}.")
            found[name] = self._hand_out(take, name, _joined(parts))
        raise ArchiveInvalid("The backup is not whole: its end is missing.")

    def _hand_out(self, take: Take, name: str, blocks: Iterator[bytes]) -> Extent:
        measure = Measure()

        def measured() -> Iterator[bytes]:
            for block in blocks:
                measure.add(block)
                self._progress.advance(len(block))
                yield block

        content = measured()
        kind, _, rest = name.partition("/")
        take(kind, rest, content)
        # What was not wanted counts too.
        for _ in content:
            pass
        return measure.extent

    def _members(self) -> Iterator[tuple[str, int, Iterator[bytes]]]:
        """Every part: the entry it belongs to, its number and its content."""
        while True:
            with _readable():
                member = self._tar.next()
            if member is None:
                return
            _forget_members(self._tar)
            part = PART.fullmatch(member.name)
            if part is None or re.fullmatch(SAFE_NAME, member.name) is None:
                raise _strange(member)
            yield part["name"], int(part["number"]), self._content(member)

    def _content(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        stream = self._tar.extractfile(member)
        while True:
            with _readable():
                block = stream.read(BLOCK_BYTES) if stream else b""
            if not block:
                return
            yield block


def whole(name: str, blocks: Iterable[bytes], at_most: int) -> bytes:
    """A small entry. Nobody knows what a compressed one grows to."""
    content = bytearray()
    for block in blocks:
        content += block
        if len(content) > at_most:
            raise ArchiveInvalid(f"The backup is damaged: no {name} is larger than {at_most:,} bytes.")
    return bytes(content)


def _joined(parts: Iterator[tuple[str, int, Iterator[bytes]]]) -> Iterator[bytes]:
    for expected, (name, number, blocks) in enumerate(parts):
        if number != expected:
            raise ArchiveInvalid(f"The backup is damaged: a part of {name} is missing.")
        yield from blocks


def _verify(head: Head, manifest: Manifest, found: dict[str, Extent]) -> None:
    if manifest.head != head:
        raise ArchiveInvalid("The backup is damaged: its head and its end are not of one backup.")
    for name, extent in manifest.entries.items():
        if name not in found:
            raise ArchiveInvalid(f"The backup is damaged: {name} is missing.")
        if found[name] != extent:
            raise ArchiveInvalid(f"The backup is damaged: the checksum of {name} is wrong.")
    # A content that vanished while it was read has left its beginning.
    begun = {f"contents/{location}" for location in manifest.missing}
    if unknown := found.keys() - manifest.entries.keys() - begun:
        raise ArchiveInvalid(f"The backup is damaged: {min(unknown)} is not in its list of contents.")


def _strange(member: tarfile.TarInfo) -> ArchiveInvalid:
    return ArchiveInvalid(f"No backup has a member like {member.name!r}; nothing of it is taken.")


def _forget_members(tar: tarfile.TarFile) -> None:
    """The library remembers every one for ever."""
    tar.members = []  # type: ignore[attr-defined]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise ArchiveInvalid(f"This is no backup, or it is damaged or cut off: {error}") from error
