"""The whole system on one machine: started in order, kept running, ended in order."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import click
from sqlalchemy import Engine

from cli import process_table
from cli.embedded import EmbeddedPostgres, EmbeddedServer, EmbeddedValkey, is_free
from cli.first_key import make_first_key
from cli.gpu_workers import gpu_workers, holds_model
from cli.instance import Instance, Running
from cli.leftovers import end_leftovers, start_time
from cli.options import PORTS
from cli.process_table import Addresses
from cli.processes import Program
from cli.supervisor import Supervisor
from migrations.run import upgrade
from schemas.database import unpooled_engine
from schemas.errors import StartFailed
from schemas.settings import Settings, environment_of
from schemas.tables.base import now

START_SECONDS: Final = 90.0
# A large model takes this long from a slow disk.
LOAD_SECONDS: Final = 1800.0
DATABASES: Final = ("valkey", "postgres")
WEB: Final = ("api", "ui", "flower", "beat")


@dataclass(frozen=True, slots=True)
class Wanted:
    settings: Settings
    addresses: Addresses
    # None: one for each GPU, or one.
    workers: int | None = None
    without: frozenset[str] = frozenset()


@contextmanager
def running_system(wanted: Wanted) -> Iterator["System"]:
    """The system, ready, until the block ends."""
    with Instance(wanted.settings.data_dir).hold() as instance:
        system = System(wanted, instance)
        try:
            system.start()
            yield system
        finally:
            system.stop()


def check_ports(wanted: Wanted) -> None:
    """Before anything is started: what would fail later, told with its remedy."""
    where = wanted.addresses
    ports = {
        "api": (where.host, where.api_port),
        "ui": (where.host, where.ui_port),
        "flower": ("127.0.0.1", where.flower_port),
    }
    wished = [(PORTS[name][0], *place) for name, place in ports.items() if name not in wanted.without]
    numbers = [port for _, _, port in wished]
    taken = [
        f"Port {port} is taken; choose another with {option}."
        for place, (option, host, port) in enumerate(wished)
        if port in numbers[:place] or not is_free(port, host)
    ]
    if taken:
        raise StartFailed("\n".join(taken))


class System:
    def __init__(self, wanted: Wanted, instance: Instance) -> None:
        self.wanted = wanted
        self.instance = instance
        self.settings = wanted.settings
        self.started_at = now()
        self.running = Running(os.getpid(), engine=self.settings.engine, models=list(self.settings.models))
        self.supervisor = Supervisor(instance.logs, click.echo, self._note_processes)

    def start(self) -> None:
        self.supervisor.listen_for_signals()
        # They may hold the ports that are checked next.
        self._end_leftovers()
        check_ports(self.wanted)
        self._start_databases()
        database = unpooled_engine(self.settings.database_url)
        self._prepare(database)
        self._start_processes(database)
        self._note_ready()

    def stop(self) -> None:
        """What takes work in ends first, what keeps it last."""
        workers = [name for name in self.supervisor.names if name not in (*WEB, *DATABASES)]
        for names in (WEB, workers, *((name,) for name in DATABASES)):
            self.supervisor.stop(names)
        self.instance.forget()

    def _end_leftovers(self) -> None:
        last = self.instance.read()
        if last is not None and (ended := end_leftovers(last.processes)):
            click.echo(f"Ended what the last run had left: {', '.join(ended)}.")

    def _start_databases(self) -> None:
        """The embedded ones, in place of those that no setting names."""
        postgres = None if self.settings.database_url else EmbeddedPostgres(self.instance.data_dir)
        valkey = None if self.settings.redis_url else EmbeddedValkey(self.instance.data_dir)
        servers: list[EmbeddedServer] = [server for server in (postgres, valkey) if server is not None]
        self._start([server.prepare() for server in servers], START_SECONDS)
        for server in servers:
            server.finish_start()
        self.settings = replace(
            self.settings,
            database_url=postgres.url if postgres else self.settings.database_url,
            redis_url=valkey.url if valkey else self.settings.redis_url,
        )

    def _prepare(self, database: Engine) -> None:
        upgrade(self.settings.database_url)
        key = make_first_key(database, self.instance.first_key_file)
        if key is not None:
            click.echo(f"first API key, shown this once and kept in {self.instance.first_key_file}: {key}")

    def _start_processes(self, database: Engine) -> None:
        where, run_dir = self.wanted.addresses, self.instance.run_dir
        known = replace(self.settings, api_url=where.api_url, ui_url=where.ui_url, flower_url=where.flower_url)
        env = {**environment_of(known), "PYTHONUNBUFFERED": "1"}
        everything = [
            process_table.api(where, env),
            process_table.ui(where, env),
            process_table.flower(where, env, run_dir),
            process_table.beat(env, run_dir),
            process_table.cpu_worker(self._node("cpu"), env, self.settings.redis_url),
            *gpu_workers(
                env,
                self.settings.engine,
                self.wanted.workers,
                self._node,
                lambda node: holds_model(database, node, self.started_at),
            ),
        ]
        self._start([program for program in everything if program.name not in self.wanted.without], LOAD_SECONDS)

    def _node(self, name: str) -> str:
        """A worker's name in the database and in Celery: the same after a restart."""
        return process_table.node_name(f"{name}-{self.instance.mark}")

    def _start(self, programs: list[Program], timeout_seconds: float) -> None:
        self.supervisor.start(programs)
        self.supervisor.wait_until_up(programs, timeout_seconds)

    def _note_processes(self, pids: dict[str, int]) -> None:
        self.running.processes = {name: (pid, start_time(pid)) for name, pid in pids.items()}
        self.instance.write(self.running)

    def _note_ready(self) -> None:
        where, without = self.wanted.addresses, self.wanted.without
        self.running.api_url = where.api_url
        self.running.ui_url = "" if "ui" in without else where.ui_url
        self.running.flower_url = "" if "flower" in without else where.flower_url
        self.running.database_url, self.running.redis_url = self.settings.database_url, self.settings.redis_url
        self.running.ready = True
        self.instance.write(self.running)
