"""What follows from one try of a delivery: a pure decision."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from inference.webhooks.sender import Outcome

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(hours=6)
GROWTH: Final = 4
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Decision:
    delivered: bool
    # When to try again; never, when it is None.
    wait: timedelta | None
    error: str | None


def decide(outcome: Outcome, attempts: int, most_attempts: int, jitter: float) -> Decision:
    """`jitter`, from 0 to 1, spreads the retries of receivers that failed together."""
    if outcome.status is not None and 200 <= outcome.status < 300:
        return Decision(delivered=True, wait=None, error=None)
    error = outcome.error or f"The receiver answered {outcome.status}."
    if outcome.status == GONE or attempts >= most_attempts:
        return Decision(delivered=False, wait=None, error=error)
    return Decision(delivered=False, wait=wait_after(attempts, jitter), error=error)


def wait_after(attempts: int, jitter: float) -> timedelta:
    """5 seconds, 20 seconds, ... up to 6 hours, and up to a quarter more."""
    # The exponent is bounded, as a float is.
    grown = FIRST_WAIT * math.pow(GROWTH, min(attempts - 1, 10))
    return min(grown, LONGEST_WAIT) * (1 + jitter / 4)
