"""Questions to a service that may hang: asked on the side, and not waited for longer than we can afford."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswerInTime
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Probe(Generic[Answer]):
    """At most one question is under way at a time, however many callers ask and however long the service hangs."""

    def __init__(self, name: str, ask: Callable[[], Answer], fresh_seconds: float) -> None:
        self._name = name
        self._ask = ask
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        self._asked_at = 0.0
        self._question: Future[Answer] | None = None

    def ask(self) -> Future[Answer]:
        """The question that is under way, the last one while its answer is fresh, or else a new one."""
        with self._lock:
            question = self._question
            old = time.monotonic() - self._asked_at > self._fresh_seconds
            if question is None or (question.done() and old):
                question = self._question = Future()
                self._asked_at = time.monotonic()
                # A daemon, because a service that hangs for ever must not keep the process from ending.
                threading.Thread(target=self._run, args=(question,), name=f"probe-{self._name}", daemon=True).start()
            return question

    def answer(self, question: Future[Answer], deadline: float) -> Answer | None:
        """What the service says, or None when it fails or has not answered by `deadline` (of `time.monotonic`)."""
        try:
            return question.result(max(0.0, deadline - time.monotonic()))
        except NoAnswerInTime:
            log.warning("%s has not answered in time", self._name)
        except Exception as error:  # noqa: BLE001 - any failure of a probe means one thing, and the log says which it was
            log.warning("%s does not work: %s", self._name, error)
        return None

    def _run(self, question: Future[Answer]) -> None:
        try:
            question.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the answer
            question.set_exception(error)
