"""`vbs restore` of what another version has written, or somebody who means harm."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from inference.backup.archive import ArchiveWriter
from inference.backup.file import writing
from inference.backup.manifest import FORMAT, Head, Manifest
from migrations.run import alembic_config, rebuild
from schemas.database import driver_url
from tests.backups import Unwatched, manifest_of
from tests.integration.cli.places import Place


def test_a_backup_of_earlier_tables_becomes_one_of_todays(new: Place, old: Place, tmp_path: Path) -> None:
    """What was taken before an update is restored after it."""
    key = (UUID(int=1), "n", "t", "admin", "h", b"digest")
    earlier = replace(old, folder=tmp_path / "earlier")
    with create_engine(driver_url(old.database_url)).begin() as connection:
        # What is never changed by anybody has a trigger that sees to it.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {', '.join(old.rows().keys() - {'alembic_version'})} CASCADE"))
        rebuild(connection, "0001")
        statement = "INSERT INTO api_keys (id, name, tenant, role, hint, digest, created_at) VALUES ({}, now())"
        connection.exec_driver_sql(statement.format(", ".join(["%s"] * 6)), key)
    earlier.folder.mkdir()
    done = earlier.vbs("backup", str(tmp_path / "b.tar"))
    assert done.exit_code == 0, done.stderr
    assert manifest_of(tmp_path / "b.tar").head.revision == "0001"
    done = new.vbs("restore", str(tmp_path / "b.tar"))
    assert done.exit_code == 0, done.stderr
    assert new.rows()["alembic_version"] == [f"{newest_revision()}\n".encode()]
    # The weight of a key came later, and the password of one that is a person.
    assert new.rows()["api_keys"] == [row.rstrip(b"\n") + b"\t1\t\\N\n" for row in old.rows()["api_keys"]]


def test_a_backup_of_later_tables_is_refused(new: Place, tmp_path: Path) -> None:
    path = made_up(tmp_path, revision="9999")
    done = new.vbs("restore", str(path))
    assert done.exit_code == 1
    assert "(revision 9999, version 7.0) are newer than this program" in done.stderr
    assert new.is_empty


def test_rows_that_name_a_content_outside_the_store_are_refused(new: Place, tmp_path: Path) -> None:
    columns = ["id", "tenant", "purpose", "filename", "bytes", "location", "created_at"]
    row = f"{UUID(int=1)}\tacme\tbatch\ta\t1\t../../etc/passwd\t2026-01-01\n"
    done = new.vbs("restore", str(made_up(tmp_path, tables={"files": columns}, entries={"tables/files": row})))
    assert done.exit_code == 1
    assert "no content lies at '../../etc/passwd'" in done.stderr
    assert new.is_empty


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [("pg_authid", "rolname", "intruder"), ("alembic_version", "version_num", "0001"), ("workers", "name", "gpu0")],
)
def test_no_tables_but_those_of_a_backup_are_loaded_whatever_its_head_announces(
    new: Place, tmp_path: Path, table: str, column: str, row: str
) -> None:
    path = made_up(tmp_path, tables={table: [column]}, entries={f"tables/{table}": f"{row}\n"})
    done = new.vbs("restore", str(path))
    assert done.stderr == f"Error: The backup is damaged: its head or its revision knows no table {table}.\n"
    assert new.is_empty
    with psycopg.connect(new.database_url) as connection:
        assert connection.execute("SELECT FROM pg_roles WHERE rolname = 'intruder'").fetchall() == []


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [("authorized_keys", 10, "No backup has an entry like keys/authorized_keys"), ("first-key", 65_537, "larger than")],
)
def test_only_keys_of_a_data_folder_are_taken_and_no_endless_ones(
    new: Place, tmp_path: Path, name: str, size: int, why: str
) -> None:
    done = new.vbs("restore", str(made_up(tmp_path, entries={f"keys/{name}": "0" * size})))
    assert done.exit_code == 1
    assert why in done.stderr
    assert new.is_empty


def made_up(
    tmp_path: Path,
    revision: str = "0001",
    tables: dict[str, list[str]] | None = None,
    entries: dict[str, str] | None = None,
) -> Path:
    head = Head(FORMAT, "7.0", revision, "2026-01-01T00:00:00+00:00", 0, tables or {})
    with writing(tmp_path / "made-up.tar") as stream:
        archive = ArchiveWriter(stream, Unwatched())
        archive.begin(head)
        found = {name: archive.add(name, [content.encode()]) for name, content in (entries or {}).items()}
        archive.finish(Manifest(head, found))
    return tmp_path / "made-up.tar"


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()
