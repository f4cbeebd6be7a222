"""`vbs backup`, on a database where everything can be looked at and be broken."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from inference.backup import saving
from inference.backup.archive import ArchiveWriter
from inference.backup.file import writing
from inference.file_store import FileStore
from schemas.database import driver_url
from schemas.errors import BackupFailed
from tests.backups import Unwatched, manifest_of
from tests.integration.cli.places import Place, end_connections


def test_a_backup_is_counted_for_people_and_checked_without_a_database(old: Place, archive: Path, new: Place) -> None:
    done = replace(new, database_url="postgresql://127.0.0.1:9/none").vbs("restore", "--check", str(archive))
    rows = sum(len(found) for name, found in old.rows().items() if name not in ("workers", "alembic_version"))
    assert done.stdout.startswith(f"{archive}: {rows:,} rows and 5 files"), done.stderr
    assert archive.stat().st_mode & 0o777 == 0o600
    assert new.is_empty


def test_what_vanished_since_the_snapshot_is_told_and_listed_and_the_rest_is_there(
    old: Place, new: Place, tmp_path: Path
) -> None:
    gone = min(location for location in old.contents() if location.startswith("input/"))
    (old.folder / "files" / gone).unlink()
    done = old.vbs("backup", str(tmp_path / "b.tar"))
    assert done.exit_code == 0
    assert done.stderr == f"{gone} was gone when it was its turn, and is not in the backup.\n"
    assert manifest_of(tmp_path / "b.tar").missing == [gone]
    assert new.vbs("restore", str(tmp_path / "b.tar")).exit_code == 0
    assert new.contents() == old.contents()


def test_a_file_store_without_any_of_the_files_is_the_wrong_one(old: Place, tmp_path: Path) -> None:
    wrong = replace(old, file_store=str(tmp_path / "elsewhere")).vbs("backup", str(tmp_path / "b.tar"))
    assert wrong.exit_code == 1
    assert "is VBS_FILE_STORE as for the system?" in wrong.stderr
    assert list(tmp_path.glob("b.tar*")) == []


def test_a_mistyped_folder_is_told_and_not_made(new: Place, tmp_path: Path) -> None:
    done = replace(new, database_url="").vbs("backup", str(tmp_path / "b.tar"))
    assert done.exit_code == 1
    assert done.stderr == f"Error: There is no data in {new.folder}; `vbs up --data {new.folder}` makes it.\n"
    assert not new.folder.exists()
    assert list(tmp_path.glob("b.tar*")) == []


def test_a_key_that_cannot_be_read_is_named_and_no_backup_is_made_without_it(old: Place, tmp_path: Path) -> None:
    key = old.folder / "first-key"
    key.unlink()
    key.mkdir()
    done = old.vbs("backup", str(tmp_path / "b.tar"))
    assert (done.exit_code, done.stderr) == (1, f"Error: {key} can't be read: Is a directory.\n")
    assert list(tmp_path.glob("b.tar*")) == []


def test_a_backup_that_loses_its_database_says_so_and_leaves_nothing(old: Place, tmp_path: Path) -> None:
    class Saboteur(Unwatched):
        def expect(self, total_bytes: int) -> None:
            end_connections(old.database_url)

    database, store = create_engine(driver_url(old.database_url)), FileStore(str(old.folder / "files"))
    with (
        pytest.raises(BackupFailed, match="The database failed: "),
        writing(tmp_path / "b.tar") as stream,
    ):
        saving.save(database, store, {}, ArchiveWriter(stream, Saboteur()))
    assert list(tmp_path.glob("b.tar*")) == []


def test_nothing_counts_on_its_own_in_the_database(database_url: str) -> None:
    """A sequence would have to be in a backup, too."""
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT relname FROM pg_class WHERE relkind = 'S'").fetchall() == []
