"""`vbs backup` and `vbs restore` between databases of one's own, where everything can be looked at and be broken."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic.script import ScriptDirectory
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from cli.main import vbs
from cli.processes import wait_until
from inference import api_keys, claiming, files, finaliser, uploads
from inference.backup import saving
from inference.backup.archive import ArchiveWriter
from inference.backup.file import writing
from inference.backup.manifest import FORMAT, Head, Manifest
from inference.engines.base import Usage
from inference.file_store import FileStore
from inference.webhooks import subscriptions
from migrations.run import alembic_config, rebuild
from schemas import ids
from schemas.database import driver_url, session_scope
from schemas.errors import BackupFailed
from schemas.settings import environment_of, settings
from schemas.states import Role
from schemas.tables import ApiKey, Worker
from tests.backups import Unwatched, manifest_of
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, chat_line, submit, worker
from webapi.ui.secret import FILE_NAME, session_key

ROOT = Path(__file__).parents[3]
LARGE = 2_000_000


@dataclass(frozen=True)
class Place:
    """A data folder and a database, and `vbs` on them."""

    folder: Path
    database_url: str
    file_store: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return environment_of(
            replace(settings(), database_url=self.database_url, data_dir=self.folder, file_store=self.file_store)
        )

    def vbs(self, *words: str) -> Result:
        """The command in this process, which is ten times faster than in one of its own."""
        environment = self.environment
        forget_settings()
        try:
            return CliRunner().invoke(vbs, [*words, "--data", str(self.folder)], env=environment)
        finally:
            forget_settings()

    def start(self, *words: str, launcher: Sequence[str] = ()) -> subprocess.Popen[str]:
        command = [*launcher, sys.executable, "-m", "cli", *words, "--data", str(self.folder)]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stderr=subprocess.PIPE, text=True)

    def rows(self) -> dict[str, list[bytes]]:
        """Every table's rows, as COPY has them."""
        with psycopg.connect(self.database_url) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            return {str(name): _rows(connection, str(name)) for (name,) in names}

    def contents(self) -> dict[str, bytes]:
        store = self.folder / "files"
        return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}

    @property
    def is_empty(self) -> bool:
        return not self.folder.exists() and self.rows() == {}


def _rows(connection: psycopg.Connection, table: str) -> list[bytes]:
    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return sorted(bytes(row) for row in copy)


@pytest.fixture
def old(database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place in the middle of its work."""
    monkeypatch.setenv("VBS_WEBHOOK_ALLOW_PRIVATE", "1")
    settings.cache_clear()
    with session_scope() as session:
        key, plain = api_keys.create(session, "first", Role.ADMIN)
        subscriptions.create(session, "acme", key.id, "http://127.0.0.1:9/hook")
        session.add(Worker(name="gpu0", engine="stub", state="ready"))
    (data_dir / "first-key").write_text(plain)
    session_key(data_dir)
    _finished_batch(key)
    _leased_batch()
    _begun_upload()
    _large_file()
    return Place(data_dir, database_url)


@pytest.fixture
def new(empty_database_url: str, tmp_path: Path) -> Place:
    return Place(tmp_path / "new", empty_database_url)


@pytest.fixture
def archive(old: Place, tmp_path: Path) -> Path:
    done = old.vbs("backup", str(tmp_path / "b.tar"))
    assert done.exit_code == 0, done.stderr
    return tmp_path / "b.tar"


def _finished_batch(key: ApiKey) -> UUID:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "tab\t back\\slash \n é") for n in range(100)]), key_id=key.id)
    with worker() as gpu:
        gpu.work()
    assert finaliser.finalise(batch_id) == "completed"
    return batch_id


def _leased_batch() -> None:
    """A hundred requests, forty of them at an engine and ten answered."""
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(100)]))
    with session_scope() as session:
        claim = claiming.claim(session, "gpu0", [MODEL], None, 3600)
        assert claim is not None
        claiming.reach(session, claim, 40)
        landing = claiming.Landing()
        for line in range(1, 11):
            landing.add(b'%b\t%d\tt\t{"line": %d}\n' % (batch_id.hex.encode(), line, line), True, Usage())
        claiming.land(session, claim, landing, 3600)


def _large_file() -> None:
    with session_scope() as session:
        files.create(session, "acme", "large", "user_data", io.BytesIO(os.urandom(LARGE)))


def _begun_upload() -> None:
    with session_scope() as session:
        upload = uploads.create(session, "acme", filename="a", purpose="batch", mime_type="text/plain", total_bytes=6)
        with files.incoming("parts", ids.PART) as content:
            content.receive("part", [b"abc"])
            uploads.add_part(session, "acme", ids.show(ids.UPLOAD, upload.id), content)


def test_a_restored_place_has_every_row_every_content_and_every_key(old: Place, new: Place, archive: Path) -> None:
    done = new.vbs("restore", str(archive))
    assert (done.exit_code, done.stderr) == (0, "")
    before, after = old.rows(), new.rows()
    assert len(before["workers"]) == 1
    assert after["workers"] == []
    same = before.keys() - {"workers", "chunks"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert all(before[name] for name in ("results", "upload_parts", "events", "webhook_deliveries", "api_keys"))
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
    assert done.stderr.startswith(f"Error: There is no database in {new.folder}")
    assert not new.folder.exists()
    assert list(tmp_path.glob("b.tar*")) == []


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


def test_a_backup_of_earlier_tables_becomes_one_of_todays(new: Place, old: Place, tmp_path: Path) -> None:
    """What was taken before an update is restored after it."""
    key = (UUID(int=1), "n", "t", "admin", "h", b"digest")
    earlier = replace(old, folder=tmp_path / "earlier")
    with create_engine(driver_url(old.database_url)).begin() as connection:
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
    assert new.rows()["api_keys"] == old.rows()["api_keys"]


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


def test_nothing_counts_on_its_own_in_the_database(database_url: str) -> None:
    """A sequence would have to be in a backup, too."""
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT relname FROM pg_class WHERE relkind = 'S'").fetchall() == []


def test_contents_go_from_one_kind_of_store_to_another(old: Place, new: Place, tmp_path: Path) -> None:
    database, remote = create_engine(driver_url(old.database_url)), FileStore(f"memory://{tmp_path.name}")
    for location, content in old.contents().items():
        with remote.create(location) as stream:
            stream.write(content)
    with writing(tmp_path / "b.tar") as stream:
        saving.save(database, remote, {}, ArchiveWriter(stream, Unwatched()))
    assert new.vbs("restore", str(tmp_path / "b.tar")).exit_code == 0
    assert new.contents() == old.contents()


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


def end_connections(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}".encode())


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
