import pytest

from inference.overload import LONGEST_PAUSE_SECONDS, pause_before_retry


def pause(status: int, attempts: int = 1, asked: float | None = None, left: float = 3600) -> float | None:
    return pause_before_retry(
        status, attempts, asked_seconds=asked, most_server_errors=5, seconds_left=left, chance=0.5
    )


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_a_faulty_request_is_never_asked_again(status: int) -> None:
    assert pause(status) is None


@pytest.mark.parametrize("status", [408, 429, 503])
def test_an_overloaded_engine_is_asked_again_until_the_deadline(status: int) -> None:
    assert pause(status, attempts=10_000) == LONGEST_PAUSE_SECONDS
    assert pause(status, left=0.1) is None


def test_a_server_error_is_tried_only_so_often() -> None:
    assert pause(500, attempts=4) is not None
    assert pause(500, attempts=5) is None


def test_a_pause_grows_and_is_never_shorter_than_asked_for() -> None:
    assert (pause(429, 1) or 0) < (pause(429, 4) or 0)
    assert pause(429, 1, asked=30) == 30
