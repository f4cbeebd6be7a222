"""Where the contents of files lie: a local folder, or whatever fsspec has an address for."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import IO, Final

import fsspec

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
            stream = self._files.open(self._path(location), "wb", autocommit=False)
            try:
                yield stream
            except BaseException:
                stream.close()
                stream.discard()
                raise
            stream.close()
            stream.commit()
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull("The file store can't take more data right now.") from error
            raise

    def open(self, location: str) -> IO[bytes]:
        """The content, seekable."""
        try:
            return self._files.open(self._path(location), "rb")  # type: ignore[no-any-return]
        except FileNotFoundError as error:
            raise ContentGone("The content of this file is no longer kept.") from error

    def size(self, location: str) -> int:
        return int(self._files.size(self._path(location)))

    def remove(self, location: str) -> None:
        """Remove a content; removing it twice is no error."""
        path = self._path(location)
        try:
            self._files.rm_file(path)
        except FileNotFoundError:
            return


@cache
def file_store() -> FileStore:
    return FileStore(settings().file_store_url)
