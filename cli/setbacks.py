"""What the machine refuses at the moment, for want of room or of processes: told once, and tried until it works."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BACKOFF_SECONDS: Final = (0.5, 1, 2, 5)


def pause_seconds(times: int) -> float:
    """How long to wait after something has gone wrong so often in a row."""
    return BACKOFF_SECONDS[min(times, len(BACKOFF_SECONDS)) - 1]


@dataclass(slots=True)
class Setback:
    times: int = 0
    again_at: float = 0.0


class Setbacks:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._setbacks: dict[str, Setback] = {}

    def attempt(self, what: str, action: Callable[[], None]) -> None:
        """Do it, or put it off: the caller comes by again, and meanwhile has other things to see to."""
        setback = self._setbacks.get(what, Setback())
        if time.monotonic() < setback.again_at:
            return
        try:
            action()
        except OSError as error:
            self._put_off(what, setback, error)
        else:
            self._setbacks.pop(what, None)

    def _put_off(self, what: str, setback: Setback, error: OSError) -> None:
        setback.times += 1
        setback.again_at = time.monotonic() + pause_seconds(setback.times)
        self._setbacks[what] = setback
        if setback.times == 1:
            self._say(f"{what} failed and is tried until it works: {error}")
