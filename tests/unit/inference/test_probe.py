import threading
import time

from inference.probe import Probe


def soon() -> float:
    return time.monotonic() + 0.05


def test_a_service_that_hangs_is_not_waited_for_and_not_asked_twice() -> None:
    asked, release = [], threading.Event()

    def hang() -> str:
        asked.append(1)
        release.wait(5)
        return "at last"

    probe = Probe("hanging", hang, fresh_seconds=60)
    assert [probe.answer(soon()) for _ in range(5)] == [None] * 5
    assert len(asked) == 1
    release.set()
    assert probe.answer(time.monotonic() + 5) == "at last"


def test_an_answer_is_good_for_a_while_and_then_asked_for_again() -> None:
    answers = iter(range(10))
    probe = Probe("counter", lambda: next(answers), fresh_seconds=0.2)
    later = time.monotonic() + 5
    assert [probe.answer(later), probe.answer(later)] == [0, 0]
    time.sleep(0.25)
    assert probe.answer(later) == 1


def test_a_service_that_fails_has_no_answer() -> None:
    def fail() -> None:
        raise ConnectionError("refused")

    assert Probe("broken", fail, fresh_seconds=0).answer(time.monotonic() + 5) is None
