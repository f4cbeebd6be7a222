"""Data folders with databases of their own, and `vbs` on them: what a backup is taken of and restored into."""

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import psycopg
from click.testing import CliRunner, Result

from cli.main import vbs
from curation import changes, datasets, imports, views, wanted
from inference import claiming, files, finaliser, uploads
from inference.landing import Finished, Landing
from inference.strays import RESTORES
from schemas import ids
from schemas.database import session_scope
from schemas.settings import environment_of, settings
from schemas.tables import ApiKey, Batch
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, chat_line, submit, worker

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
        """By location, but for the notes of restores."""
        store = self.folder / "files"
        paths = [path for path in store.rglob("*") if path.is_file() and path.parent.name != RESTORES]
        return {str(path.relative_to(store)): path.read_bytes() for path in paths}

    @property
    def is_empty(self) -> bool:
        return not self.folder.exists() and self.rows() == {}


def _rows(connection: psycopg.Connection, table: str) -> list[bytes]:
    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return sorted(bytes(row) for row in copy)


def finished_batch(key: ApiKey) -> UUID:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "tab\t back\\slash \n é") for n in range(100)]), key_id=key.id)
    with worker() as gpu:
        gpu.work()
    assert finaliser.finalise(batch_id) == "completed"
    return batch_id


def reviewed(batch_id: UUID, key: ApiKey) -> None:
    """A dataset of its answers, with a change that was undone."""
    with session_scope() as session:
        dataset = datasets.create(session, "acme", "Evaluations")
        begun = imports.begin(session, dataset, session.get_one(Batch, batch_id))
    imports.run(session_scope, begun.id)
    with session_scope() as session:
        given = wanted.read({"gold": True, "add_tags": ["a b", "c"], "notes": "tab\t back\\slash"})
        done = changes.change(session, dataset, key.id, given, views.matching(dataset, views.View()))
        assert done
        changes.undo(session, "acme", ids.show(ids.CHANGE_SET, done.id), key.id)


def leased_batch() -> None:
    """A hundred requests, forty of them at an engine and ten answered."""
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(100)]))
    with session_scope() as session:
        claim = claiming.claim(session, "gpu0", batch_id, MODEL, 3600)
    assert claim is not None
    with session_scope() as session:
        claiming.reach(session, claim, 40)
        landing = Landing()
        for line in range(1, 11):
            landing.add(Finished([b'%b\t%d\tt\t{"line": %d}\n' % (batch_id.hex.encode(), line, line)], True))
        claiming.land(session, claim, landing, 3600)


def large_file() -> None:
    with session_scope() as session:
        files.create(session, "acme", "large", "user_data", io.BytesIO(os.urandom(LARGE)))


def begun_upload() -> None:
    with session_scope() as session:
        upload = uploads.create(session, "acme", filename="a", purpose="batch", mime_type="text/plain", total_bytes=6)
        with files.incoming("parts", ids.PART) as content:
            content.receive("part", [b"abc"])
            uploads.add_part(session, "acme", ids.show(ids.UPLOAD, upload.id), content)


def end_connections(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}".encode())
