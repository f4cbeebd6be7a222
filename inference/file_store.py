"""Where the contents of files lie: a local folder, or whatever fsspec has an address for."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from schemas.errors import ContentGone, StorageFull
from schemas.settings import settings

FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}


class FileStore:
    """Contents by location, a relative path like `input/file-0190....jsonl`."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url, auto_mkdir=True)

    def _path(self, location: str) -> str:
        return f"{self._root}/{location}"

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

    def remove(self, location: str) -> None:
        """Remove a content; removing it twice is no error."""
        path = self._path(location)
        try:
            self._files.rm_file(path)
        except FileNotFoundError:
            return


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
