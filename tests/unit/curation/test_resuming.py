"""Long work has its turn, and then others have theirs."""

import itertools
from contextlib import nullcontext
from typing import Any

from curation.resuming import for_a_turn, page_by_page

no_session: Any = nullcontext


def test_pages_are_done_until_none_is_left() -> None:
    left = [True, True, False, True]
    assert page_by_page(no_session, lambda _: left.pop(0)) is False
    assert left == [True]


def test_a_turn_ends_before_work_that_takes_for_ever() -> None:
    pages = itertools.count()
    assert page_by_page(no_session, lambda _: next(pages) >= 0, seconds=0.05) is True
    assert next(pages) > 0


def test_steps_have_their_turn_too() -> None:
    steps = itertools.count()
    assert for_a_turn(lambda: next(steps) < 3) is False
    assert for_a_turn(lambda: next(steps) >= 0, seconds=0.05) is True
