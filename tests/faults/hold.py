"""Holding a phase of a batch open for as long as it takes to strike it."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import psycopg

from tests.faults.rig import Rig

# The write in each phase that waits while it is held; its place here is the number of its lock.
HELD_WRITES: Final = {
    "validation": "INSERT ON requests",
    "planning": "INSERT ON chunks",
    "finalising": "INSERT ON files",
    "retention": "DELETE ON results",
}
LOCKS: Final = {phase: number for number, phase in enumerate(HELD_WRITES)}


def prepare(rig: Rig) -> None:
    """Let a phase's next write wait for whoever holds that phase's lock, and nobody else."""
    with rig.database() as database:
        database.execute("""
            CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint); RETURN NULL; END $$
        """)
        for phase, write in HELD_WRITES.items():
            trigger = f"CREATE TRIGGER hold BEFORE {write} FOR EACH STATEMENT EXECUTE FUNCTION hold({LOCKS[phase]})"
            database.execute(trigger.encode())


def is_blocked(rig: Rig, phase: str) -> bool:
    """Whether somebody is in the phase and waits."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND objid = %s"
    return bool(rig.ask(waiting, LOCKS[phase]))


class Hold:
    """Whoever gets to the phase's write waits there until it is released."""

    def __init__(self, rig: Rig, phase: str) -> None:
        self._rig = rig
        self._lock = LOCKS[phase]
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def take(self) -> None:
        """Take hold, again if a fault has loosened it."""
        while not self._is_held():
            with suppress(psycopg.OperationalError):
                self._connection = psycopg.connect(
                    self._rig.system.running.database_url, connect_timeout=5, autocommit=True
                )
                self._connection.execute("SELECT pg_advisory_lock(%s)", (self._lock,))

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _is_held(self) -> bool:
        try:
            return self._connection is not None and self._connection.execute("SELECT true") is not None
        except psycopg.Error:
            return False
