from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.webhooks.retries import FIRST_WAIT, LONGEST_WAIT, decide, wait_after
from inference.webhooks.sender import Outcome


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_is_a_delivery(status: int) -> None:
    decision = decide(Outcome(status), attempts=1, most_attempts=8, jitter=0)
    assert decision.delivered
    assert decision.wait is None


@pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500, 503])
def test_any_other_status_is_tried_again(status: int) -> None:
    decision = decide(Outcome(status), attempts=1, most_attempts=8, jitter=0)
    assert not decision.delivered
    assert decision.wait == FIRST_WAIT
    assert decision.error == f"The receiver answered {status}."


def test_a_receiver_that_is_gone_is_not_asked_again() -> None:
    assert decide(Outcome(410), attempts=1, most_attempts=8, jitter=0).wait is None


def test_the_last_try_is_the_last() -> None:
    outcome = Outcome(None, "ConnectError: refused")
    assert decide(outcome, attempts=7, most_attempts=8, jitter=0).wait is not None
    last = decide(outcome, attempts=8, most_attempts=8, jitter=0)
    assert last.wait is None
    assert last.error == "ConnectError: refused"


def test_waits_grow_from_seconds_to_hours() -> None:
    waits = [wait_after(attempts, jitter=0) for attempts in range(1, 9)]
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (5, 20, 80, 320)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


@given(attempts=st.integers(1, 10_000), jitter=st.floats(0, 1))
def test_jitter_adds_at_most_a_quarter(attempts: int, jitter: float) -> None:
    plain = wait_after(attempts, 0)
    assert plain <= wait_after(attempts, jitter) <= plain * 1.25
