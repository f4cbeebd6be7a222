"""Whether to ask an engine again, and when. Overload is not failure; a faulty request is."""

from dataclasses import dataclass
from typing import Final

# Said of the moment and not of the request: docs/decisions/0006.
LATER: Final = frozenset({408, 425, 429, 502, 503, 504, 529})
SERVER_ERROR: Final = 500
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 60.0


@dataclass(slots=True)
class Tries:
    """How often a request was asked, and how often the server failed on it: waiting in a queue is no failure."""

    all: int = 0
    server_errors: int = 0

    def add(self, status_code: int) -> None:
        self.all += 1
        self.server_errors += status_code == SERVER_ERROR


def pause_before_retry(
    status_code: int,
    tries: Tries,
    *,
    asked_seconds: float | None,
    most_server_errors: int,
    seconds_left: float,
    chance: float,
) -> float | None:
    """Seconds until the next try, or None where the answer stands. `chance` in 0..1 spreads retries out."""
    may_retry = status_code in LATER or (status_code == SERVER_ERROR and tries.server_errors < most_server_errors)
    if not may_retry:
        return None
    backoff = min(FIRST_PAUSE_SECONDS * 2 ** min(tries.all - 1, 10), LONGEST_PAUSE_SECONDS)
    pause = max(asked_seconds or 0.0, backoff * (0.5 + chance))
    return pause if pause < seconds_left else None
