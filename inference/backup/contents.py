"""The file store's side of a restore."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Self

from inference.file_store import FileStore
from inference.strays import RESTORES
from schemas import ids
from schemas.errors import CommitUnanswered, ContentGone, PlaceTaken, RestoreFailed


class Contents:
    """Stores contents. They go again when the block raises, unless there may be rows that name them."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._stored: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure is not None and not issubclass(failure, CommitUnanswered):
            self.discard(self._stored)

    def take(self, location: str, blocks: Iterable[bytes]) -> None:
        try:
            self._take(location, blocks)
        except OSError as error:
            raise RestoreFailed(f"{location} can't be put into the file store: {error.strerror or error}.") from error

    def note_restore(self) -> None:
        """For the purge: the store may hold what was made after the backup, and the tables know nothing of it."""
        self.take(f"{RESTORES}/{ids.new_id().hex}", [b"The name of this file holds the moment of a restore.\n"])

    def discard(self, locations: Collection[str]) -> None:
        for location in self._stored.intersection(locations):
            with suppress(OSError):
                self._store.remove(location)

    def _take(self, location: str, blocks: Iterable[bytes]) -> None:
        """Nothing that is there already is touched. A restore that was killed may have left the same, and a bucket may
        have outlived its database."""
        try:
            present = self._store.open(location)
        except ContentGone:
            self._write(location, blocks)
            return
        with present:
            if not all(present.read(len(block)) == block for block in blocks) or present.read(1):
                raise PlaceTaken(f"The file store already holds another {location}: restore into an empty one.")

    def _write(self, location: str, blocks: Iterable[bytes]) -> None:
        with self._store.create(location) as stream:
            for block in blocks:
                stream.write(block)
        self._stored.add(location)
