"""What the tables say of a batch: it runs on while the API is away."""

import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.faults.hold import is_blocked
from tests.faults.rig import RECOVERY_SECONDS, Rig


class Tables:
    """Asks patiently: connections may be cut, and the database may be away."""

    def __init__(self, rig: Rig) -> None:
        self.batch = ""
        self._rig = rig

    def status(self) -> str:
        return str(self._of_batch("SELECT status FROM batches WHERE id = %s"))

    def answered(self) -> int:
        return int(self._of_batch("SELECT coalesce(sum(completed), 0) FROM chunks WHERE batch_id = %s"))

    def waiting_chunks(self) -> int:
        return int(self._of_batch("SELECT count(*) FROM chunks WHERE batch_id = %s AND state = 'waiting'"))

    def stored_results(self) -> int:
        return int(self._of_batch("SELECT count(*) FROM results WHERE batch_id = %s"))

    def webhooks_due(self) -> int:
        due = """
            SELECT count(*) FROM webhook_deliveries JOIN events ON events.id = event_id
            WHERE next_attempt_at IS NOT NULL AND batch_id = %s
        """
        return int(self._of_batch(due))

    def saved(self) -> set[str]:
        """The custom ids, which are the prompts too, of the answers that are in the database."""
        # Not joined: PostgreSQL may believe that a young batch has one row, and compare all with all.
        query = b"""
            SELECT custom_id FROM requests WHERE batch_id = %s AND (
                SELECT true FROM results WHERE results.batch_id = requests.batch_id AND results.line = requests.line)
        """
        if not self.batch:
            return set()
        with self._rig.database() as database:
            return {row[0] for row in database.execute(query, (self.batch,))}

    def is_blocked(self, phase: str) -> bool:
        return bool(self._patiently(lambda: is_blocked(self._rig, phase)))

    def _of_batch(self, query: str) -> Any:
        return self._patiently(lambda: self._rig.ask(query, self.batch))

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        end = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                return ask()
            except psycopg.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.1)
