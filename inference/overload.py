"""Whether to ask an engine again, and when. Overload is not failure; a faulty request is.

A request that is refused for the moment is asked again in its place, a few times. What lasts longer is waited out
without a place: the request is put off, and its chunk rests until a worker takes it up again.
"""

from dataclasses import dataclass
from typing import Final

# Said of the moment and not of the request: docs/decisions/0006.
LATER: Final = frozenset({408, 425, 429, 502, 503, 504, 529})
SERVER_ERROR: Final = 500
FIRST_PAUSE_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 20.0
FIRST_REST_SECONDS: Final = 15.0
LONGEST_REST_SECONDS: Final = 300.0
# Of a model on one worker: all work for it waits meanwhile.
LONGEST_MODEL_REST_SECONDS: Final = 60.0


@dataclass(slots=True)
class Tries:
    """How often a request was asked, and how often the server failed on it: waiting in a queue is no failure."""

    all: int = 0
    server_errors: int = 0

    def add(self, status_code: int) -> None:
        self.all += 1
        self.server_errors += status_code == SERVER_ERROR


class PutOff(Exception):
    """A request that the engine has refused for too long to keep its place."""

    def __init__(self, status_code: int, pause_seconds: float) -> None:
        super().__init__(status_code, pause_seconds)
        self.status_code = status_code
        self.pause_seconds = pause_seconds


def pause_before_retry(
    status_code: int, tries: Tries, *, asked_seconds: float | None, most_server_errors: int, chance: float
) -> float | None:
    """Seconds until the next try, or None where the answer stands. `chance` in 0..1 spreads retries out."""
    asked = asked_seconds or 0.0
    backoff = FIRST_PAUSE_SECONDS * 2.0 ** min(tries.all - 1, 10) * (0.5 + chance)
    if status_code in LATER:
        return max(asked, backoff)
    if status_code == SERVER_ERROR and tries.server_errors < most_server_errors:
        # It keeps its place, so a server can't ask for an hour.
        return min(max(asked, backoff), PATIENCE_SECONDS)
    return None


def patience_seconds(rests: int) -> float:
    """How long a refused request keeps its place at the engine: hardly, once its chunk has rested for it in vain."""
    return PATIENCE_SECONDS / 10 if rests else PATIENCE_SECONDS


def refuses(status_code: int) -> bool:
    """Whether an answer says nothing of the request."""
    return status_code in LATER or status_code == SERVER_ERROR


def rest_seconds(rests: int, asked_seconds: float, longest: float = LONGEST_REST_SECONDS) -> float:
    """How long to leave alone what was put off, after so many rests in a row that came to nothing.

    A server may ask for days; it is asked again within minutes.
    """
    return min(max(FIRST_REST_SECONDS * 2.0 ** min(rests, 10), asked_seconds), longest)
