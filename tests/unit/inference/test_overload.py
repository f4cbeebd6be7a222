import pytest

from inference.overload import LONGEST_PAUSE_SECONDS, Tries, pause_before_retry


def pause(*statuses: int, asked: float | None = None, left: float = 3600) -> float | None:
    """What follows the last of these answers."""
    tries = Tries()
    for status in statuses:
        tries.add(status)
    return pause_before_retry(
        statuses[-1], tries, asked_seconds=asked, most_server_errors=5, seconds_left=left, chance=0.5
    )


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_a_faulty_request_is_never_asked_again(status: int) -> None:
    assert pause(status) is None


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_an_overloaded_engine_is_asked_again_until_the_deadline(status: int) -> None:
    assert pause(*[status] * 10_000) == LONGEST_PAUSE_SECONDS
    assert pause(status, left=0.1) is None


def test_a_server_error_is_tried_only_so_often() -> None:
    assert pause(500, 500, 500, 500) is not None
    assert pause(500, 500, 500, 500, 500) is None


def test_waiting_for_an_overloaded_engine_uses_up_no_tries() -> None:
    assert pause(*[429] * 100, 500) is not None


def test_a_pause_grows_and_is_never_shorter_than_asked_for() -> None:
    assert (pause(429) or 0) < (pause(429, 429, 429, 429) or 0)
    assert pause(429, asked=30) == 30
