"""The file that a backup is in: its owner's only, whole or not there, and compressed where its name says so."""

import fcntl
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from schemas.errors import ArchiveInvalid, BackupFailed

GZIP_MAGIC: Final = b"\x1f\x8b"
# The fastest: better ones cost several times the time for a tenth of the space.
GZIP_LEVEL: Final = 1


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes its place when the block ends; when it raises, an older one stays as it was."""
    unfinished = path.with_name(f"{path.name}.partial")
    try:
        with _alone(unfinished) as raw:
            try:
                yield from _written(raw, compressed=path.suffix in (".gz", ".tgz"))
                unfinished.replace(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
        _sync(path.parent)
    except OSError as error:
        raise BackupFailed(f"{path} can't be written: {error.strerror or error}.") from error


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """The only one that writes there. What an earlier backup left that was killed is written over."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb") as raw:
        try:
            fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had the lock until just now has moved the file to its place.
            ours = os.path.samestat(os.fstat(raw.fileno()), path.stat())
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:
            raise BackupFailed(f"Another backup is being written to {path}.")
        os.fchmod(raw.fileno(), 0o600)
        raw.truncate()
        yield raw


def _written(raw: IO[bytes], *, compressed: bool) -> Iterator[IO[bytes]]:
    if compressed:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=GZIP_LEVEL) as stream:
            yield stream  # type: ignore[misc]
    else:
        yield raw
    raw.flush()
    os.fsync(raw.fileno())


def _sync(folder: Path) -> None:
    """Make sure that the folder has the file after a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    try:
        raw = path.open("rb")
    except OSError as error:
        raise ArchiveInvalid(f"{path} can't be read: {error.strerror}.") from error
    with raw:
        compressed = raw.peek(2)[:2] == GZIP_MAGIC
        yield gzip.GzipFile(fileobj=raw) if compressed else raw  # type: ignore[misc]
