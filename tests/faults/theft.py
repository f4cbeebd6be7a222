"""Messages that get lost: while a theft goes on, thieves get what is sent, and the workers nothing."""

import json
import time
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self

from tests.faults.rig import Rig

QUEUES: Final = ("default", "inference", "webhooks", "retention")
THIEF: Final = "thief"
# More than are sent at once: a thief who got a message waits behind the workers for a moment.
THIEVES: Final = 40
BEFORE_THE_WORKERS_SECONDS: Final = 10.0
LONGEST_WAIT_SECONDS: Final = 60
POLL_SECONDS: Final = 0.02


class Theft:
    def __init__(self, rig: Rig) -> None:
        # The names of the tasks whose messages are gone.
        self.stolen: list[str] = []
        self._rig = rig
        self._over = False
        self._thieves = [Thread(target=self._steal, daemon=True) for _ in range(THIEVES)]

    def __enter__(self) -> Self:
        for thief in self._thieves:
            thief.start()
        end = time.monotonic() + BEFORE_THE_WORKERS_SECONDS
        while len(self._waiting(thieves=True)) < THIEVES:
            assert time.monotonic() < end
            time.sleep(POLL_SECONDS)
        # Who has waited longest is served first. The workers wait for a second at a time: now they begin anew.
        self._wake(self._waiting(thieves=False))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        while any(thief.is_alive() for thief in self._thieves):
            self._wake(self._waiting(thieves=True))
            time.sleep(POLL_SECONDS)

    def _steal(self) -> None:
        # The library's own patience is shorter than a theft.
        with self._rig.redis(client_name=THIEF, socket_timeout=None) as client:
            while not self._over:
                if taken := client.brpop(list(QUEUES), timeout=LONGEST_WAIT_SECONDS):
                    self.stolen.append(json.loads(taken[1])["headers"]["task"])

    def _waiting(self, *, thieves: bool) -> list[dict[str, Any]]:
        """The clients that wait for messages."""
        with self._rig.redis() as client:
            waiting = [known for known in client.client_list() if "b" in known["flags"]]
        return [known for known in waiting if (known["name"] == THIEF) == thieves]

    def _wake(self, waiting: list[dict[str, Any]]) -> None:
        """To a client it looks as if nothing had come in time."""
        with self._rig.redis() as client:
            for known in waiting:
                client.client_unblock(int(known["id"]))
