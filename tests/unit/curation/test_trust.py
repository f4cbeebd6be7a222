"""When a scorer is said to say what people say."""

import pytest

from curation.trust import Trust


@pytest.mark.parametrize(
    ("scored", "correlation", "ranked_right", "says"),
    [
        (500, 0.7, None, "much the same"),
        (2, 1.0, 0.5, "something else"),
        (2, 1.0, None, "too few"),
        (0, None, 0.65, "a little"),
        (0, None, 0.1, "something else"),
        (30, 0.1, 0.9, "much the same"),
    ],
)
def test_only_what_rests_on_enough_answers_counts(
    scored: int, correlation: float | None, ranked_right: float | None, says: str
) -> None:
    trust = Trust("length", scored, correlation, 0.1, decided=500, rarer=10, ranked_right=ranked_right)
    assert says in trust.says


def test_one_answer_that_is_rejected_says_nothing() -> None:
    trust = Trust("length", 0, None, None, decided=500, rarer=1, ranked_right=1.0)
    assert "too few" in trust.says
