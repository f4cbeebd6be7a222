import threading
import time
from typing import Any

from inference.probe import Probe


def answer(probe: Probe[Any], patience_seconds: float = 5) -> Any:
    return probe.answer(probe.ask(), time.monotonic() + patience_seconds)


def test_a_service_that_hangs_is_not_waited_for_and_not_asked_twice() -> None:
    asked, release = [], threading.Event()

    def hang() -> str:
        asked.append(1)
        release.wait(5)
        return "at last"

    probe = Probe("hanging", hang, fresh_seconds=60)
    assert [answer(probe, 0.05) for _ in range(5)] == [None] * 5
    assert len(asked) == 1
    release.set()
    assert answer(probe) == "at last"


def test_an_answer_is_good_for_a_while_and_then_asked_for_again() -> None:
    answers = iter(range(10))
    probe = Probe("counter", lambda: next(answers), fresh_seconds=0.2)
    assert [answer(probe), answer(probe)] == [0, 0]
    time.sleep(0.25)
    assert answer(probe) == 1


def test_a_service_that_fails_has_no_answer() -> None:
    def fail() -> None:
        raise ConnectionError("refused")

    assert answer(Probe("broken", fail, fresh_seconds=0)) is None
