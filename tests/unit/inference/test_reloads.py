"""When a failed model is loaded again."""

from inference.reloads import Reloads


def test_the_first_failure_is_tried_again_at_once_and_later_ones_ever_later() -> None:
    reloads = Reloads(["a"])
    pauses = []
    for _ in range(12):
        reloads.failed("a", 100.0, "no such folder")
        pauses.append(reloads.next_to_load("a", 100.0)[1])
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60


def test_a_model_that_is_refused_rests_for_a_minute_at_most_and_says_why() -> None:
    reloads = Reloads(["a", "b"])
    for _ in range(9):
        reloads.rest("a", 100.0, refused_with=503, asked_seconds=3600)
    assert reloads.due(100.0) == ["b"]
    assert reloads.why_not("b", 100.0) == "a is refused with status 503, next try in 60 s"
    assert (reloads.due(160.0), reloads.why_not("b", 160.0)) == (["a", "b"], "")


def test_a_model_that_served_has_a_clean_record() -> None:
    reloads = Reloads(["a"])
    for _ in range(5):
        reloads.failed("a", 100.0, "no such folder")
    assert reloads.due(100.0) == []
    reloads.worked("a")
    assert reloads.due(100.0) == ["a"]


def test_a_model_that_cannot_be_loaded_does_not_keep_another_one_from_its_work() -> None:
    reloads = Reloads(["broken", "well"])
    reloads.failed("broken", 100.0, "no such folder")
    reloads.failed("broken", 100.0, "no such folder")
    assert reloads.due(100.0) == ["well"]
    assert reloads.next_to_load(None, 100.0) == ("well", 0.0)


def test_a_model_that_cannot_be_loaded_is_named_while_another_one_serves() -> None:
    reloads = Reloads(["broken", "well"])
    reloads.failed("broken", 100.0, "no such folder")
    assert reloads.why_not("well", 500.0) == "broken can't be served: no such folder"
    assert reloads.why_not("broken", 500.0) == ""
    reloads.worked("broken")
    assert reloads.why_not("well", 500.0) == ""
