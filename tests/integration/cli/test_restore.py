"""`vbs restore` of a backup of ours, into places that can be broken meanwhile."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from cli.processes import wait_until
from inference.backup import saving
from inference.backup.archive import ArchiveWriter
from inference.backup.file import writing
from inference.file_store import FileStore, Removal
from inference.strays import remove_strays
from schemas import ids
from schemas.database import driver_url, session_scope
from schemas.tables.base import now
from tests.backups import Unwatched, manifest_of
from tests.conftest import forget_settings
from tests.integration.cli.places import LARGE, Place, end_connections
from tests.integration.inference.lossy_proxy import losing_one_commit
from webapi.ui.secret import FILE_NAME


def test_a_restored_place_has_every_row_every_content_and_every_key(old: Place, new: Place, archive: Path) -> None:
    done = new.vbs("restore", str(archive))
    assert (done.exit_code, done.stderr) == (0, "")
    before, after = old.rows(), new.rows()
    assert len(before["workers"]) == 1
    assert after["workers"] == []
    same = before.keys() - {"workers", "chunks"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    filled = ("results", "upload_parts", "events", "webhook_deliveries", "api_keys", "outputs", "examples", "changes")
    assert all(before[name] for name in filled)
    assert new.contents() == old.contents()
    for name in ("first-key", FILE_NAME):
        assert (new.folder / name).read_bytes() == (old.folder / name).read_bytes()
        assert (new.folder / name).stat().st_mode & 0o777 == 0o600


def test_leases_end_as_if_given_back_in_order_and_nothing_is_suspect(new: Place, archive: Path) -> None:
    new.vbs("restore", str(archive))
    with psycopg.connect(new.database_url) as connection:
        chunks = connection.execute("SELECT state, epoch, worker, completed, deaths, suspect_to FROM chunks ORDER BY 1")
        assert chunks.fetchall() == [("done", 1, None, 100, 0, 0), ("waiting", 2, None, 10, 0, 0)]


def test_a_backup_of_the_restored_place_says_the_same_of_every_entry(new: Place, archive: Path, tmp_path: Path) -> None:
    new.vbs("restore", str(archive))
    new.vbs("backup", str(tmp_path / "again.tar.gz"))
    first, second = manifest_of(archive), manifest_of(tmp_path / "again.tar.gz")
    assert first.entries.pop("tables/chunks") != second.entries.pop("tables/chunks")
    assert first.entries == second.entries


def test_a_database_with_rows_is_refused_and_left_alone(old: Place, archive: Path, tmp_path: Path) -> None:
    before = old.rows()
    done = replace(old, folder=tmp_path / "new").vbs("restore", str(archive))
    assert done.exit_code == 1
    assert "The database already holds data" in done.stderr
    assert old.rows() == before
    assert not (tmp_path / "new").exists()


def test_a_folder_with_data_is_refused_and_left_alone(new: Place, archive: Path) -> None:
    new.folder.mkdir()
    (new.folder / "first-key").write_text("of another")
    done = new.vbs("restore", str(archive))
    assert done.exit_code == 1
    assert f"{new.folder} already holds data (first-key)" in done.stderr
    assert [path.name for path in new.folder.iterdir()] == ["first-key"]
    assert new.rows() == {}


def test_a_content_of_somebody_else_is_not_written_over(old: Place, new: Place, archive: Path) -> None:
    location = max(old.contents())
    theirs = new.folder / "files" / location
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    done = new.vbs("restore", str(archive))
    assert done.exit_code == 1
    assert f"The file store already holds another {location}" in done.stderr
    assert new.contents() == {location: b"theirs"}
    assert new.rows() == {}


def test_a_database_whose_tables_are_empty_is_empty(new: Place, archive: Path) -> None:
    assert new.vbs("db", "upgrade").exit_code == 0
    assert new.vbs("restore", str(archive)).exit_code == 0


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_backup_that_is_cut_off_leaves_nothing_and_a_whole_one_then_fits(
    old: Place, new: Place, archive: Path, tmp_path: Path, share: float
) -> None:
    whole = archive.read_bytes()
    (tmp_path / "half.tar").write_bytes(whole[: int(len(whole) * share)])
    done = new.vbs("restore", str(tmp_path / "half.tar"))
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert new.is_empty
    assert new.vbs("restore", str(archive)).exit_code == 0
    assert new.contents() == old.contents()


def test_a_byte_that_changed_is_found_and_nothing_is_left(new: Place, archive: Path) -> None:
    content = archive.read_bytes()
    place = content.rindex(b"Is Ada a fit?")
    archive.write_bytes(content[:place] + b"Is Eve" + content[place + 6 :])
    done = new.vbs("restore", str(archive))
    assert done.exit_code == 1
    assert "the checksum of contents/input/" in done.stderr
    assert new.is_empty


def test_a_restore_that_was_killed_can_be_repeated(old: Place, new: Place, archive: Path, tmp_path: Path) -> None:
    with half_restored(new, archive, tmp_path) as (process, _):
        process.kill()
    assert wait_until(lambda: new.rows() == {}, 10)
    done = new.vbs("restore", str(archive))
    assert done.exit_code == 0, done.stderr
    assert old.contents().items() <= new.contents().items()


def test_a_restore_that_is_interrupted_leaves_nothing(new: Place, archive: Path, tmp_path: Path) -> None:
    with half_restored(new, archive, tmp_path) as (process, feed_rest):
        process.send_signal(signal.SIGINT)
        feed_rest()
        assert "Traceback" not in process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert new.is_empty


def test_a_restore_that_loses_its_database_says_so_and_leaves_nothing(
    new: Place, archive: Path, tmp_path: Path
) -> None:
    with half_restored(new, archive, tmp_path) as (process, feed_rest):
        end_connections(new.database_url)
        feed_rest()
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert said.startswith("Error: The database failed: ")
    assert said.count("\n") == 1
    assert new.is_empty


def test_a_restore_onto_a_full_disk_says_so_and_leaves_nothing(new: Place, archive: Path) -> None:
    with new.start("restore", str(archive), launcher=["prlimit", "--fsize=100000"]) as process:
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (1, "Error: The file store can't take more data right now.\n")
    assert new.is_empty


def test_contents_go_from_one_kind_of_store_to_another(old: Place, new: Place, tmp_path: Path) -> None:
    database, remote = create_engine(driver_url(old.database_url)), FileStore(f"memory://{tmp_path.name}")
    for location, content in old.contents().items():
        with remote.create(location) as stream:
            stream.write(content)
    with writing(tmp_path / "b.tar") as stream:
        saving.save(database, remote, {}, ArchiveWriter(stream, Unwatched()))
    assert new.vbs("restore", str(tmp_path / "b.tar")).exit_code == 0
    assert new.contents() == old.contents()


def test_what_was_made_between_a_backup_and_its_restore_is_no_stray(
    old: Place, new: Place, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_between = new_content(new)
    assert new.vbs("restore", str(archive)).exit_code == 0
    left_since = new_content(new)
    for name, value in new.environment.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    assert remove_strays(session_scope, now() + timedelta(days=2)) == Removal(gone=1)
    assert new.contents().keys() == old.contents().keys() | {made_between}
    assert left_since not in new.contents()


def test_a_commit_without_an_answer_leaves_the_contents_to_the_rows_that_may_be_there(
    old: Place, new: Place, archive: Path
) -> None:
    with losing_one_commit(new.database_url) as proxy:
        done = replace(new, database_url=proxy.url).vbs("restore", str(archive))
    assert proxy.lost.is_set()
    assert done.exit_code == 1
    assert ", at the commit. Repeat the restore." in done.stderr
    assert wait_until(lambda: len(new.rows().get("results", ())) > 0, 10)
    assert new.contents() == old.contents()
    assert "The database already holds data" in new.vbs("restore", str(archive)).stderr
    assert new.contents() == old.contents()
    with psycopg.connect(new.database_url) as connection:
        # What is never changed by anybody has a trigger that sees to it.
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"TRUNCATE {', '.join(new.rows().keys() - {'alembic_version'})}".encode())
    assert new.vbs("restore", str(archive)).exit_code == 0
    assert new.contents() == old.contents()


def test_a_commit_that_the_database_refuses_leaves_nothing(new: Place, archive: Path, tmp_path: Path) -> None:
    at_commit(new, "RAISE 'not today'")
    elsewhere = replace(new, file_store=str(tmp_path / "elsewhere"))
    done = elsewhere.vbs("restore", str(archive))
    assert (done.exit_code, done.stderr) == (1, "Error: The database failed: not today\n")
    assert not new.folder.exists()
    assert not any(path.is_file() for path in Path(elsewhere.file_store).rglob("*"))
    assert not any(rows for table, rows in new.rows().items() if table != "alembic_version")


def test_a_restore_that_is_interrupted_at_its_commit_leaves_the_contents_as_nobody_knows(
    old: Place, new: Place, archive: Path
) -> None:
    at_commit(new, "PERFORM pg_sleep(60)")
    with new.start("restore", str(archive)) as process, psycopg.connect(new.database_url, autocommit=True) as watcher:
        sleeping = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        assert wait_until(lambda: watcher.execute(sleeping).rowcount == 1, 30)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert said.startswith("Error: Interrupted, at the commit. Repeat the restore.")
    assert new.contents() == old.contents()


def at_commit(place: Place, statement: str) -> None:
    """Have the database do this at the commit of a restore, whose tables are not there yet: all but one."""
    assert place.vbs("db", "upgrade").exit_code == 0
    shutil.rmtree(place.folder, ignore_errors=True)
    with psycopg.connect(place.database_url) as connection:
        body = f"BEGIN {statement}; RETURN NULL; END"
        connection.execute(f"CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $${body}$$".encode())
        connection.execute(
            "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT OR UPDATE ON alembic_version"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
        )


def new_content(place: Place) -> str:
    location = f"input/{ids.show(ids.FILE, ids.new_id())}.jsonl"
    with FileStore(str(place.folder / "files")).create(location) as stream:
        stream.write(b"new")
    return location


@contextmanager
def half_restored(
    new: Place, archive: Path, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[str], Callable[[], None]]]:
    """A restore that waits for the rest of its file, with its tables and some of its contents in place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = new.start("restore", str(pipe))
    with process, pipe.open("wb") as feed:
        content = archive.read_bytes()
        middle = content.rindex(b"part-000000", 0, len(content) - LARGE // 2) + LARGE // 2
        feed.write(content[:middle])
        feed.flush()
        assert wait_until(lambda: any(name.startswith("output/") for name in new.contents()), 30)

        def feed_rest() -> None:
            with suppress(BrokenPipeError):
                feed.write(content[middle:])
                feed.close()

        yield process, feed_rest
