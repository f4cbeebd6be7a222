"""One batch's way through all phases, with a fault in some of them, and what must hold at its end."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import uuid4

from kombu.exceptions import OperationalError

from tests.faults.client import Answering, Half, answered, ask_until_answered
from tests.faults.faults import FAULTS, OUTAGE_SECONDS
from tests.faults.hold import Hold
from tests.faults.phases import BEGUN_BY
from tests.faults.receiver import Receiver
from tests.faults.rig import MODEL, RECOVERY_SECONDS, Rig
from tests.faults.tables import Tables
from tests.faults.theft import Theft

LINES: Final = 2400
ON_ITS_WAY: Final = 400
POLL_SECONDS: Final = 0.03
ENDPOINT: Final = "/v1/chat/completions"


class Journey:
    def __init__(self, rig: Rig, plan: Mapping[str, str], receiver: Receiver, lines: int = LINES) -> None:
        self.rig = rig
        self.lines = lines
        self.plan = plan
        self.receiver = receiver
        self.batch = ""
        self.tables = Tables(rig)
        # How long each fault kept the batch from moving on.
        self.recoveries: dict[str, float] = {}
        self._over_at: dict[str, float] = {}
        self._saved_before: list[tuple[set[str], int]] = []
        self._api_answers: dict[str, Answering] = {}
        self._name = uuid4().hex

    def travel(self) -> None:
        file_id = self.upload()
        with Hold(self.rig, "planning") as planning:
            self._validation(file_id, then=planning.take)
            self._strike_while("planning", lambda: self.tables.is_blocked("planning"))
            with self._message_lost("first chunk", lambda: self.tables.answered() > 0):
                planning.release()
                self._recovered("planning", lambda: self.tables.status() != "validating")
        with Hold(self.rig, "finalising") as finalising:
            self._strike_at("first chunk", lambda: self.tables.answered() > 0, then=finalising.take)
            self._strike_at("middle", lambda: self.tables.answered() >= self.lines // 2, then=finalising.take)
            with self._message_lost("finalising", lambda: self.tables.is_blocked("finalising")):
                self._strike_at("last chunk", lambda: self.tables.waiting_chunks() == 0, then=finalising.take)
            self._strike_while("finalising", lambda: self.tables.is_blocked("finalising"))
            with self._message_lost("webhook", lambda: bool(self.receiver.received)):
                finalising.release()
                self._recovered("finalising", lambda: self.tables.status() == "completed")
        self.webhook()
        self.check()
        self._retention()
        for phase, answering in self._api_answers.items():
            self.recoveries[phase] = max(self.recoveries[phase], answering.after_seconds())

    # Phases

    def upload(self) -> str:
        content = "".join(json.dumps(self._line(number)) + "\n" for number in range(self.lines)).encode()

        def fresh() -> dict[str, Any]:
            return {"files": {"file": ("requests.jsonl", Half(content, lambda: self._strike_in("upload")))}}

        answer = ask_until_answered(self.rig, "POST", "/v1/files", fresh, data={"purpose": "batch"})
        self._recovered("upload", lambda: True)
        assert answer["bytes"] == len(content)
        return str(answer["id"])

    def create(self, file_id: str) -> None:
        wanted = {
            "input_file_id": file_id,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "webhook": {"url": self.receiver.url},
        }
        headers = {"Idempotency-Key": self._name}
        self.batch = str(ask_until_answered(self.rig, "POST", "/v1/batches", json=wanted, headers=headers)["id"])
        self.tables.batch = self.batch.removeprefix("batch_")

    def _validation(self, file_id: str, then: Callable[[], None]) -> None:
        with Hold(self.rig, "validation"):
            with self._message_lost("validation", lambda: self.tables.is_blocked("validation")):
                self.create(file_id)
            self._strike_while("validation", lambda: self.tables.is_blocked("validation"))
            then()
        self._recovered(
            "validation", lambda: self.tables.is_blocked("planning") or self.tables.status() != "validating"
        )

    def webhook(self) -> None:
        wait(lambda: bool(self.receiver.received), "a webhook")
        self._strike_in("webhook")
        self.receiver.release()
        self._recovered("webhook", lambda: self.tables.webhooks_due() == 0)

    def _retention(self) -> None:
        with self.rig.database() as database:
            database.execute("UPDATE files SET created_at = created_at - interval '40 days'")
        with Hold(self.rig, "retention"):
            with self._message_lost("retention", lambda: self.tables.is_blocked("retention")):
                self._purge()
            self._strike_while("retention", lambda: self.tables.is_blocked("retention") or self._purge_again())
        self._recovered("retention", self._is_purged)
        assert self._batch()["status"] == "completed"

    def _purge(self) -> None:
        self.rig.send_task("retention.purge", "retention")

    # Striking

    def strike(self, fault: str) -> None:
        """Let something go wrong, and remember what was saved by then: it must not be asked for again."""
        self._saved_before.append((self.tables.saved(), self.rig.journal_size))
        FAULTS[fault](self.rig)

    def _strike_in(self, phase: str) -> None:
        fault = self.plan.get(phase)
        if fault is not None and phase not in self._over_at:
            self.strike(fault)
            self._over(phase)

    def _strike_at(self, phase: str, reached: Callable[[], bool], then: Callable[[], None]) -> None:
        """Strike while the engine is at work, and see the batch go on."""
        wait(reached, f"{phase}: {self.tables.answered()} answered")
        self._strike_in(phase)
        then()
        # Answers that the engine had given before the fault do not count.
        enough = min(self.tables.answered() + ON_ITS_WAY, self.lines)
        self._recovered(phase, lambda: self.tables.answered() >= enough)
        assert not self.rig.has_order, f"the engine did not do in {phase} what it was told"

    def _strike_while(self, phase: str, reached: Callable[[], bool]) -> None:
        """Strike a phase that is held open."""
        wait(reached, phase)
        self._strike_in(phase)

    @contextmanager
    def _message_lost(self, phase: str, begun: Callable[[], bool]) -> Iterator[None]:
        """Of a phase that begins with a message it is this one that gets lost, and so is what is sent after it."""
        if self.plan.get(phase) != "messages lost":
            yield
            return
        with Theft(self.rig) as theft:
            yield
            wait(lambda: BEGUN_BY[phase] in theft.stolen, f"{BEGUN_BY[phase]} that was stolen")
            time.sleep(OUTAGE_SECONDS)
            assert not begun(), f"{phase} has begun without its message"
        self._over(phase)

    def _over(self, phase: str) -> None:
        self._over_at[phase] = time.monotonic()
        self._api_answers[phase] = Answering(self.rig)

    def _recovered(self, phase: str, moved_on: Callable[[], bool]) -> None:
        """The batch has to be on its way again soon after the fault is over."""
        if phase in self.plan:
            wait(moved_on, f"recovery from {self.plan[phase]} in {phase}", RECOVERY_SECONDS)
            self.recoveries[phase] = time.monotonic() - self._over_at[phase]

    # What must hold

    def check(self) -> None:
        batch = self._batch()
        lines = self._output(batch)
        assert Counter(line["custom_id"] for line in lines) == Counter(self._custom_id(n) for n in range(self.lines))
        assert batch["request_counts"] == {"total": self.lines, "completed": self.lines, "failed": 0}
        used = [line["response"]["body"]["usage"] for line in lines]
        assert batch["usage"]["input_tokens"] == sum(usage["prompt_tokens"] for usage in used)
        assert batch["usage"]["output_tokens"] == sum(usage["completion_tokens"] for usage in used)
        assert batch["usage"]["shared"]["requests"] == sum("same_as" in line for line in lines) > 0
        assert len({headers["webhook-id"] for headers in self.receiver.received}) == 1
        self._check_that_nothing_ran_again()

    def _check_that_nothing_ran_again(self) -> None:
        for saved, position in self._saved_before:
            asked = {json.loads(body)["messages"][0]["content"] for body in self.rig.answered_since(position)}
            assert not saved & asked, "an answer that was saved was asked for again"

    # What the system says

    def _line(self, number: int) -> dict[str, Any]:
        # Every tenth asks what the one before it does, and gets its answer.
        asked = number - 1 if number % 10 == 9 else number
        messages = [{"role": "user", "content": self._custom_id(asked)}]
        chat = {"model": MODEL, "messages": messages, "temperature": 0}
        return {"custom_id": self._custom_id(number), "method": "POST", "url": ENDPOINT, "body": chat}

    def _custom_id(self, number: int) -> str:
        return f"{self._name}-{number}"

    def _batch(self) -> dict[str, Any]:
        return ask_until_answered(self.rig, "GET", f"/v1/batches/{self.batch}")

    def _output(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        content = answered(self.rig, "GET", f"/v1/files/{batch['output_file_id']}/content")
        return [json.loads(line) for line in content.text.splitlines()]

    def _is_purged(self) -> bool:
        """A purge that was cut off goes on the next day: here that day comes at once."""
        if self.tables.stored_results() == 0:
            return True
        return self._purge_again()

    def _purge_again(self) -> bool:
        with suppress(OperationalError):
            self._purge()
        time.sleep(1)
        return False


def wait(holds: Callable[[], bool], what: str, seconds: float = RECOVERY_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"no {what} within {seconds:.0f} seconds"
        time.sleep(POLL_SECONDS)
