"""Real servers for tests: one PostgreSQL and one Valkey for the run, a fresh database and an empty Valkey per test.

Under pytest-xdist every process has servers of its own, so tests never meet.
"""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from sqlalchemy import make_url
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from cli.embedded import EmbeddedPostgres, EmbeddedValkey
from inference.file_store import file_store
from migrations.run import upgrade
from schemas import database
from schemas.settings import settings

TEMPLATE = "vbs_template"
# Here systems and engines are started once for many tests, which come first.
TOGETHER = ("tests/acceptance/", "tests/integration/inference/engines/", "tests/ui/")
database_numbers = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-minutes", type=float, default=0, help="Play faults at random for this long.")
    parser.addoption("--seed", type=int, default=1, help="What decides the faults of a soak.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Parts that take long come first, so that no process is left with one at the end."""
    items.sort(key=lambda item: (*TOGETHER, part_of(item.nodeid)).index(part_of(item.nodeid)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return InParts(config, log)


class InParts(LoadScopeScheduling):  # type: ignore[misc]
    """The tests of a part are run by one process, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)


def part_of(nodeid: str) -> str:
    """A file, or a folder whose tests share what takes long to start."""
    path = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def forget_settings() -> None:
    """Everything that was read from the environment, and what was opened with it."""
    if database.engine.cache_info().currsize:
        database.engine().dispose()
    for cached in (database.engine, file_store, settings):
        cached.cache_clear()


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """A folder that the servers' own user can reach; pytest's are closed to others."""
    with tempfile.TemporaryDirectory(prefix="vbs-tests-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def postgres_url(server_dir: Path) -> Iterator[str]:
    """The server, with a migrated template in it. Nothing in it has to outlive a power cut."""
    server = EmbeddedPostgres(server_dir)
    url = server.start()
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
        upgrade(with_database(url, TEMPLATE))
        yield url
    finally:
        server.remove()


@pytest.fixture(scope="session")
def valkey_server(server_dir: Path) -> Iterator[str]:
    server = EmbeddedValkey(server_dir)
    url = server.start()
    try:
        yield url
    finally:
        server.stop()


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of this test's own; settings, engine and file store are read anew."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("VBS_DATA_DIR", str(folder))
    forget_settings()
    yield folder
    forget_settings()


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A database without any tables."""
    yield from _fresh_database(postgres_url, "template1")


@pytest.fixture
def database_url(postgres_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh database with all tables, which is the one of the settings."""
    with ExitStack() as stack:
        stack.callback(forget_settings)
        for url in _fresh_database(postgres_url, TEMPLATE):
            monkeypatch.setenv("DATABASE_URL", url)
            forget_settings()
            yield url


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """A session on the fresh database. What other connections should see is committed by the test."""
    with Session(database.engine(), expire_on_commit=False) as session:
        yield session


@pytest.fixture
def valkey_url(valkey_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty Valkey, which is the one of the settings."""
    with closing(redis.Redis.from_url(valkey_server)) as client:
        client.flushall()
    monkeypatch.setenv("REDIS_URL", valkey_server)
    settings.cache_clear()
    return valkey_server


def _fresh_database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_{next(database_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        yield with_database(server_url, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
