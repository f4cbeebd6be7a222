"""How much a worker gets done, in the tokens that plans estimate: to know what is urgent, and what a load costs."""

import time
from collections.abc import Callable
from typing import Final

# Until something is known.
USUAL_PER_SECOND: Final = 1000.0
# What lies further back counts less and less.
MEMORY_SECONDS: Final = 600.0


class Throughput:
    """Only the time in which the engine had work counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens = self._busy_seconds = 0.0
        self._busy_since: float | None = None

    def begin(self) -> None:
        """The engine has something to do."""
        self._busy_since = self._busy_since or self._clock()

    def end(self) -> None:
        """Nothing is left at the engine."""
        self._add_busy_time()
        self._busy_since = None

    def did(self, tokens: float) -> None:
        self._tokens += tokens

    def per_second(self) -> float:
        self._add_busy_time()
        if self._tokens <= 0 or self._busy_seconds <= 0:
            return USUAL_PER_SECOND
        return self._tokens / self._busy_seconds

    def _add_busy_time(self) -> None:
        if self._busy_since is not None:
            moment = self._clock()
            self._busy_seconds += moment - self._busy_since
            self._busy_since = moment
        if self._busy_seconds > MEMORY_SECONDS:
            self._tokens, self._busy_seconds = self._tokens / 2, self._busy_seconds / 2
