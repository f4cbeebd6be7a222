"""Where the contents of files lie: a local folder, or whatever fsspec has an address for."""

import errno
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from schemas.errors import ContentGone, StorageFull
from schemas.settings import settings

log = logging.getLogger(__name__)

KEPT_FREE_BYTES: Final = 64 * 1024**2
FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}


class FileStore:
    """Contents by location, a relative path like `input/file-0190....jsonl`."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url, auto_mkdir=True)

    def _path(self, location: str) -> str:
        return f"{self._root}/{location}"

    def free_bytes(self) -> int | None:
        """None where the store does not say, as with S3."""
        if not isinstance(self._files, LocalFileSystem):
            return None
        # The first content would make the folder.
        Path(self._root).mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free

    def check_room(self, size: int) -> None:
        """Refuse what would fill the disk before it does: the database may lie there too."""
        free = self.free_bytes()
        if free is not None and free < size + KEPT_FREE_BYTES:
            raise StorageFull(f"The file store has no room for {size:,} bytes more: {free:,} are free.")

    @contextmanager
    def create(self, location: str) -> Iterator[IO[bytes]]:
        """A new file that appears, whole, when the block ends, and not at all when it raises."""
        try:
            with self._unfinished(self._path(location)) as stream:
                yield stream
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull("The file store can't take more data right now.") from error
            raise

    def _unfinished(self, path: str) -> AbstractContextManager[IO[bytes]]:
        return _beside(Path(path)) if isinstance(self._files, LocalFileSystem) else self._uncommitted(path)

    @contextmanager
    def _uncommitted(self, path: str) -> Iterator[IO[bytes]]:
        """A remote store shows an object only when its last part is there."""
        stream = self._files.open(path, "wb", autocommit=False)
        try:
            yield stream
        except BaseException:
            stream.discard()
            raise
        stream.close()
        stream.commit()

    def open(self, location: str) -> IO[bytes]:
        """The content, seekable."""
        try:
            return self._files.open(self._path(location), "rb")  # type: ignore[no-any-return]
        except FileNotFoundError as error:
            raise ContentGone("The content of this file is no longer kept.") from error

    def remove(self, location: str) -> bool:
        """Remove a content; removing it twice is no error. False: it is still there, and the log says why."""
        try:
            self._files.rm_file(self._path(location))
        except FileNotFoundError:
            return True
        except Exception:
            # Each kind of store has errors of its own, and whoever removes a content needs it gone sooner or later.
            log.exception("%s can't be removed", location)
            return False
        return True

    def written_before(self, folder: str, moment: datetime) -> Iterator[str]:
        """The contents of a folder that are older than this, half-written ones too, as they are found."""
        path = self._path(folder)
        found = _scanned(path) if isinstance(self._files, LocalFileSystem) else self._listed(path)
        for name, written_at in found:
            if written_at < moment:
                yield f"{folder}/{name}"

    def _listed(self, path: str) -> Iterator[tuple[str, datetime]]:
        # What is listed may be remembered from a time when it was shorter.
        self._files.invalidate_cache()
        try:
            names = [info["name"] for info in self._files.ls(path, detail=True)]
        except FileNotFoundError:
            return
        for name in names:
            yield name.rpartition("/")[2], self._files.modified(name)


def _scanned(path: str) -> Iterator[tuple[str, datetime]]:
    """A folder of any size, never as a whole in memory."""
    try:
        entries = os.scandir(path)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            try:
                written_at = entry.stat(follow_symlinks=False).st_mtime
            except FileNotFoundError:
                continue
            yield entry.name, datetime.fromtimestamp(written_at, UTC)


@dataclass(slots=True)
class Removal:
    """What came of removing several contents."""

    gone: int = 0
    stuck: int = 0

    def add(self, gone: bool) -> None:
        self.gone += gone
        self.stuck += not gone

    def __add__(self, other: "Removal") -> "Removal":
        return Removal(self.gone + other.gone, self.stuck + other.stuck)


@contextmanager
def _beside(path: Path) -> Iterator[IO[bytes]]:
    """Written next to its place and moved there: on the same disk, so the move is one step and copies nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with unfinished.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


@cache
def file_store() -> FileStore:
    return FileStore(settings().file_store_url)
