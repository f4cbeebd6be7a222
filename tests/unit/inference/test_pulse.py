"""Whether an engine hangs."""

from inference.pulse import PulseWatch


def test_an_engine_with_work_whose_pulse_stands_still_for_long_hangs() -> None:
    watch = PulseWatch(patience_seconds=5)
    assert [watch.stands_still(7, 3, moment) for moment in (0.0, 4.0, 5.0)] == [False, False, True]


def test_an_engine_whose_pulse_moves_is_busy() -> None:
    watch = PulseWatch(patience_seconds=5)
    assert not any(watch.stands_still(int(moment // 4), 3, moment) for moment in map(float, range(20)))


def test_an_engine_without_work_may_stand_still() -> None:
    watch = PulseWatch(patience_seconds=5)
    assert not any(watch.stands_still(7, 0, moment) for moment in map(float, range(20)))
    assert not watch.stands_still(7, 1, 20.0)


def test_nobody_watches_an_engine_that_cannot_tell_or_without_patience() -> None:
    assert not any(PulseWatch(5).stands_still(None, 3, moment) for moment in map(float, range(20)))
    assert not any(PulseWatch(0).stands_still(7, 3, moment) for moment in map(float, range(20)))


def test_an_engine_that_was_loaded_again_has_its_whole_time_again() -> None:
    watch = PulseWatch(patience_seconds=5)
    assert [watch.stands_still(7, 3, moment) for moment in (0.0, 5.0)] == [False, True]
    # It loads, so nothing is at it; then the first requests are, and it has not made its first step.
    assert not watch.stands_still(7, 0, 60.0)
    assert not watch.stands_still(7, 3, 61.0)
    assert watch.stands_still(7, 3, 65.0)
