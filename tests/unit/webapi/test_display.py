from datetime import timedelta

import pytest

from inference.forecast import SecondsLeft
from schemas.tables.base import now
from webapi.display import ago, many, percent, size, span, time_left, visible


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (8 << 30, "8.0 GiB"), (None, "unknown")],
)
def test_sizes_are_shown_in_the_unit_that_fits(count: int | None, shown: str) -> None:
    assert size(count) == shown


def test_what_is_counted_is_one_or_several() -> None:
    assert [many(count, "example") for count in (0, 1, 2000)] == ["0 examples", "1 example", "2,000 examples"]
    assert many(2, "row was", "rows were") == "2 rows were"


def test_a_share_that_nobody_knows_is_no_percentage() -> None:
    assert [percent(share) for share in (None, 0, 0.256, 1)] == ["not known", "0%", "26%", "100%"]


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0 s"), (61, "1 min"), (3900, "1 h 5 min"), (90061, "1 d 1 h")])
def test_spans_are_shown_in_two_units_at_most(seconds: float, shown: str) -> None:
    assert span(seconds) == shown


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (SecondsLeft(720, 540, 1020), "about 12 min left (9 to 17)"),
        (SecondsLeft(5.04, 3.96, 80), "about 5 s left (4 to 80)"),
        (SecondsLeft(9000, 5400, 40000), "about 2.5 h left (1.5 to 11)"),
    ],
)
def test_what_is_left_is_shown_with_its_error_band_in_one_unit(left: SecondsLeft, shown: str) -> None:
    assert time_left(left) == shown


def test_moments_are_told_from_now() -> None:
    assert ago(now()) == "just now"
    assert ago(now() - timedelta(minutes=3)) == "3 min ago"
    assert ago(now() + timedelta(hours=2, seconds=30)) == "in 2 h"


def test_control_and_direction_marks_are_made_visible() -> None:
    assert visible("a\x07\x1b[31m\u202egnp\u2028") == "a\\u0007\\u001b[31m\\u202egnp\\u2028"


def test_lines_tabs_and_joined_emoji_stay() -> None:
    assert visible("a\n\tb 👩\u200d💻") == "a\n\tb 👩\u200d💻"
