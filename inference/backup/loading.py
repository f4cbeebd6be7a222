"""Bringing a backup back into an empty place: all of it or nothing."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from inference.backup.archive import SAFE_NAME, whole
from inference.backup.contents import Contents
from inference.backup.manifest import Head, Manifest
from inference.backup.tables import KEPT, LEFT_OUT, REVISION, copy_statement, database_errors, prepare, reflect
from inference.claiming import GIVE_BACK
from schemas.database import copy_rows
from schemas.errors import ArchiveInvalid, CommitUnanswered, PlaceTaken, RestoreFailed

KEY_BYTES: Final = 65_536
UNSAFE_LOCATION: Final = text("""
    SELECT location FROM (SELECT location FROM files UNION ALL SELECT location FROM upload_parts) AS named
    WHERE location !~ :safe LIMIT 1
""")
# The workers of the old place hold nothing here. None of them died over its work, so nothing is suspect.
RELEASE_ALL: Final = text(f"{GIVE_BACK.format(died_at='0')}, epoch = epoch + 1 WHERE state = 'leased'")


@contextmanager
def one_transaction(database: Engine) -> Iterator[Session]:
    with database_errors(RestoreFailed), Session(database) as session:
        prepare(session)
        yield session
        _commit(session)


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        # As long as it is connected, the database's error is its answer: it has taken nothing.
        with database_errors(CommitUnanswered if error.connection_invalidated else RestoreFailed):
            raise
    except (KeyboardInterrupt, SystemExit) as interrupt:
        raise CommitUnanswered("Interrupted") from interrupt


def check_empty(session: Session) -> None:
    for table in reflect(session).keys() - {REVISION}:
        if session.scalar(text(f'SELECT EXISTS (SELECT FROM "{table}")')):
            raise PlaceTaken(f"The database already holds data, in the table {table}: restore into an empty one.")


def release_leases(session: Session) -> None:
    session.execute(RELEASE_ALL)


class Loader:
    """Takes the entries of a backup in, once the tables of its revision are there."""

    def __init__(self, session: Session, contents: Contents, head: Head, key_names: Collection[str]) -> None:
        self._session = session
        self._contents = contents
        # A head may announce anything, and PostgreSQL's own tables too have rows that COPY would add to.
        loadable = reflect(session).keys() - LEFT_OUT
        self._tables = {name: columns for name, columns in head.tables.items() if name in loadable}
        self._key_names = key_names
        self.keys: dict[str, bytes] = {}

    def take(self, kind: str, name: str, blocks: Iterator[bytes]) -> None:
        match kind:
            case "tables":
                self._load_table(name, blocks)
            case "contents":
                self._contents.take(name, blocks)
            case "keys" if name in self._key_names:
                self.keys[name] = whole(f"keys/{name}", blocks, KEY_BYTES)
            case _:
                raise ArchiveInvalid(f"No backup has an entry like {kind}/{name}.")

    def finish(self, manifest: Manifest) -> None:
        """See that the tables name nothing that is missing or lies elsewhere. A content that none names is let be."""
        self._contents.discard(manifest.missing)
        if (unsafe := self._session.scalar(UNSAFE_LOCATION, {"safe": SAFE_NAME})) is not None:
            raise ArchiveInvalid(f"The backup is damaged: no content lies at {unsafe!r}.")
        known = {f"contents/{location}" for location in manifest.missing} | manifest.entries.keys()
        for location in self._session.scalars(text(KEPT)):
            if f"contents/{location}" not in known:
                raise ArchiveInvalid(f"The backup is damaged: it lacks the content {location}.")

    def _load_table(self, name: str, blocks: Iterator[bytes]) -> None:
        if name not in self._tables:
            raise ArchiveInvalid(f"The backup is damaged: its head or its revision knows no table {name}.")
        copy_rows(self._session, copy_statement(name, self._tables[name], "FROM STDIN"), blocks)
        # Without statistics the first queries would be planned for empty tables.
        self._session.execute(text(f'ANALYZE "{name}"'))
