"""Taking a backup while the system works: one snapshot of all tables, then the contents that it names."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from inference.backup.archive import BLOCK_BYTES, ArchiveWriter
from inference.backup.manifest import FORMAT, Extent, Head, Manifest
from inference.backup.tables import KEPT, LEFT_OUT, REVISION, copy_statement, database_errors, prepare, reflect
from inference.file_store import FileStore
from schemas.database import raw_connection
from schemas.errors import BackupFailed, ContentGone
from schemas.tables.base import now
from schemas.version import VERSION

ESTIMATED_BYTES: Final = text(f"""
    SELECT (SELECT coalesce(sum(pg_table_size(to_regclass(quote_ident(name)))), 0)
            FROM unnest(CAST(:tables AS text[])) AS name)
         + (SELECT coalesce(sum(bytes), 0) FROM ({KEPT}) AS kept)
""")


def save(database: Engine, store: FileStore, keys: Mapping[str, Path], archive: ArchiveWriter) -> Manifest:
    """Everything, into an archive. Nobody waits for it: it holds no lock that anybody's work asks for."""
    with database_errors(BackupFailed), _snapshot(database) as session:
        head = _describe(session)
        archive.begin(head)
        manifest = Manifest(head, _save_tables(session, head, archive))
        locations = list(session.scalars(text(KEPT)))
    # The snapshot is let go first: as long as it is held, vacuum has to spare what it sees.
    _save_contents(store, locations, archive, manifest)
    _save_keys(keys, archive, manifest)
    archive.finish(manifest)
    return manifest


@contextmanager
def _snapshot(database: Engine) -> Iterator[Session]:
    with Session(database) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        prepare(session)
        yield session


def _describe(session: Session) -> Head:
    tables = reflect(session)
    if REVISION not in tables:
        raise BackupFailed("The database has no tables of ours: is DATABASE_URL as for the system?")
    wanted = {name: list(columns) for name, columns in tables.items() if name not in LEFT_OUT}
    return Head(
        format=FORMAT,
        version=VERSION,
        revision=str(session.scalar(text(f"SELECT version_num FROM {REVISION}"))),
        taken_at=now().isoformat(timespec="seconds"),
        estimated_bytes=int(session.scalar(ESTIMATED_BYTES, {"tables": list(wanted)}) or 0),
        tables=wanted,
    )


def _save_tables(session: Session, head: Head, archive: ArchiveWriter) -> dict[str, Extent]:
    entries = {}
    for table, columns in head.tables.items():
        # Should the archive take no more, COPY must end before the session can roll back: it would wait for ever.
        with closing(_rows(session, table, columns)) as rows:
            entries[f"tables/{table}"] = archive.add(f"tables/{table}", rows)
    return entries


def _rows(session: Session, table: str, columns: Sequence[str]) -> Generator[bytes, None, None]:
    statement = copy_statement(table, columns, "TO STDOUT").encode()
    with raw_connection(session).cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            yield bytes(row)


def _save_contents(store: FileStore, locations: Sequence[str], archive: ArchiveWriter, manifest: Manifest) -> None:
    """What retention or its owner has removed since the snapshot is noted, and no error."""
    found = 0
    for location in locations:
        name = f"contents/{location}"
        try:
            manifest.entries[name] = archive.add(name, _blocks(store, location))
            found += 1
        except ContentGone:
            manifest.missing.append(location)
    if locations and not found:
        raise BackupFailed(f"None of {len(locations)} files is in the file store: is VBS_FILE_STORE as for the system?")


def _blocks(store: FileStore, location: str) -> Iterator[bytes]:
    try:
        with store.open(location) as stream:
            while block := stream.read(BLOCK_BYTES):
                yield block
    except FileNotFoundError as error:
        raise ContentGone(f"{location} vanished while it was read.") from error
    except OSError as error:
        raise BackupFailed(f"{location} can't be read from the file store: {error.strerror or error}.") from error


def _save_keys(keys: Mapping[str, Path], archive: ArchiveWriter, manifest: Manifest) -> None:
    for name, path in keys.items():
        if (key := _read_key(path)) is not None:
            manifest.entries[f"keys/{name}"] = archive.add(f"keys/{name}", [key])


def _read_key(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BackupFailed(f"{path} can't be read: {error.strerror}.") from error
