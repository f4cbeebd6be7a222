import pytest

from inference.overload import (
    FIRST_REST_SECONDS,
    LONGEST_REST_SECONDS,
    PATIENCE_SECONDS,
    Tries,
    patience_seconds,
    pause_before_retry,
    rest_seconds,
)


def pause(*statuses: int, asked: float | None = None) -> float | None:
    """What follows the last of these answers."""
    tries = Tries()
    for status in statuses:
        tries.add(status)
    return pause_before_retry(statuses[-1], tries, asked_seconds=asked, most_server_errors=5, chance=0.5)


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_a_faulty_request_is_never_asked_again(status: int) -> None:
    assert pause(status) is None


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_an_overloaded_engine_is_asked_again_however_often(status: int) -> None:
    assert pause(*[status] * 10_000) is not None


def test_a_server_error_is_tried_only_so_often_and_never_after_an_hour() -> None:
    assert pause(500, 500, 500, 500) is not None
    assert pause(500, 500, 500, 500, 500) is None
    assert pause(500, asked=3600) == PATIENCE_SECONDS


def test_waiting_for_an_overloaded_engine_uses_up_no_tries() -> None:
    assert pause(*[429] * 100, 500) is not None


def test_a_pause_grows_and_is_never_shorter_than_asked_for() -> None:
    assert (pause(429) or 0) < (pause(429, 429, 429, 429) or 0)
    assert pause(429, asked=30) == 30


def test_rests_grow_to_minutes_whatever_a_server_asks_for() -> None:
    rests = [rest_seconds(count, 0) for count in range(2000)]
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (FIRST_REST_SECONDS, LONGEST_REST_SECONDS)
    assert rest_seconds(0, 60) == 60
    assert rest_seconds(0, 86_400) == LONGEST_REST_SECONDS


def test_what_has_rested_in_vain_hardly_keeps_a_place() -> None:
    assert patience_seconds(0) == PATIENCE_SECONDS
    assert 0 < patience_seconds(1) <= 2
