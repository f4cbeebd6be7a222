"""Folders for the embedded servers, and places to back up and restore."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference import api_keys
from inference.webhooks import subscriptions
from schemas.database import session_scope
from schemas.settings import settings
from schemas.states import Role
from schemas.tables import Worker
from tests.integration.cli.places import Place, begun_upload, finished_batch, large_file, leased_batch, reviewed
from webapi.ui.secret import session_key


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can pass through, as pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="vbs-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


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
    reviewed(finished_batch(key), key)
    leased_batch()
    begun_upload()
    large_file()
    return Place(data_dir, database_url)


@pytest.fixture
def new(empty_database_url: str, tmp_path: Path) -> Place:
    return Place(tmp_path / "new", empty_database_url)


@pytest.fixture
def archive(old: Place, tmp_path: Path) -> Path:
    done = old.vbs("backup", str(tmp_path / "b.tar"))
    assert done.exit_code == 0, done.stderr
    return tmp_path / "b.tar"
