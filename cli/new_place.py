"""A data folder for a restore, which leaves it as it was should it fail, unless its commit got no answer."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli.embedded import EmbeddedPostgres
from cli.instance import Instance
from schemas.errors import CommitUnanswered, PlaceTaken, RestoreFailed
from schemas.settings import settings

# All that a data folder keeps beside its database and its files: the first key, and what the UI signs sessions with.
KEY_FILES: Final = ("first-key", "ui-session.key")
# What a restore that was killed has left. Its database is empty: that is looked at apart.
LEFT_BY_A_RESTORE: Final = frozenset({"run", "logs", "files", "postgres", "postgres.new"})


@contextmanager
def new_place(instance: Instance) -> Iterator[str]:
    """The address of a database to restore into, with the folder held meanwhile."""
    before = _names_in(instance.data_dir)
    if taken := sorted(before - LEFT_BY_A_RESTORE):
        raise PlaceTaken(f"{instance.data_dir} already holds data ({taken[0]}): restore into a new folder.")
    existed = instance.data_dir.exists()
    with instance.hold():
        server = None if settings().database_url else EmbeddedPostgres(instance.data_dir)
        try:
            yield server.start() if server else settings().database_url
        except CommitUnanswered:
            # The database may have the rows that name what is here.
            if server:
                server.stop()
            raise
        except BaseException:
            if server:
                server.stop() if before else server.remove()
            if not before:
                _clear(instance.data_dir, existed)
            raise
        if server:
            server.stop()


def keep_keys(folder: Path, keys: Mapping[str, bytes]) -> None:
    """Put back what opens the system. Without these it is whole, too, so they come last."""
    for name in keys.keys() & set(KEY_FILES):
        try:
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(keys[name])
        except OSError as error:
            raise RestoreFailed(f"All is restored but {folder / name}: {error.strerror}.") from error


def _names_in(folder: Path) -> set[str]:
    return {child.name for child in folder.iterdir()} if folder.exists() else set()


def _clear(folder: Path, existed: bool) -> None:
    for child in folder.iterdir():
        shutil.rmtree(child) if child.is_dir() else child.unlink()
    if not existed:
        folder.rmdir()
