"""One batch's way through all phases, with a fault in some of them, and what must hold at its end."""

import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final
from uuid import uuid4

import httpx
import psycopg
from kombu.exceptions import OperationalError

from tests.faults.faults import FAULTS, armed
from tests.faults.receiver import Receiver
from tests.faults.rig import MODEL, Rig

PHASES: Final = (
    "upload",
    "validation",
    "planning",
    "first chunk",
    "middle",
    "last chunk",
    "finalising",
    "webhook",
    "retention",
)
LINES: Final = 2400
ON_ITS_WAY: Final = 400
RECOVERY_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.03
ENDPOINT: Final = "/v1/chat/completions"
# What waits while a phase is held open.
HELD_WRITES: Final = {
    "validation": "INSERT ON requests",
    "planning": "INSERT ON chunks",
    "finalising": "INSERT ON files",
    "retention": "DELETE ON results",
}


class Journey:
    def __init__(self, rig: Rig, plan: Mapping[str, str], receiver: Receiver, lines: int = LINES) -> None:
        self.rig = rig
        self.lines = lines
        self.plan = plan
        self.receiver = receiver
        self.batch = ""
        # How long each fault kept the batch from moving on.
        self.recoveries: dict[str, float] = {}
        self._saved_before: list[tuple[set[str], int]] = []
        self._api_answers: dict[str, _Answering] = {}
        self._name = uuid4().hex

    def travel(self) -> None:
        file_id = self.upload()
        with self._held("planning") as hold, self._struck_while_blocked("planning"):
            with self._held("validation"), self._struck_while_blocked("validation", then=hold):
                self.create(file_id)
            self._recovered("validation", lambda: self._is_blocked("planning") or self.status() != "validating")
        self._recovered("planning", lambda: self.status() != "validating")
        with self._held("finalising") as hold:
            self._strike_at("first chunk", lambda: self.answered() > 0, then=hold)
            self._strike_at("middle", lambda: self.answered() >= self.lines // 2, then=hold)
            self._strike_at("last chunk", lambda: self.answered() >= self.lines - 100, then=hold)
            self._strike_while("finalising", lambda: self._is_blocked("finalising"))
        self._recovered("finalising", lambda: self.status() == "completed")
        self.webhook()
        self.check()
        self._retention()
        for phase, answering in self._api_answers.items():
            self.recoveries[phase] = max(self.recoveries[phase], answering.after_seconds())

    # Phases

    def upload(self) -> str:
        content = "".join(json.dumps(self._line(number)) + "\n" for number in range(self.lines)).encode()
        half = _Interrupted(content, lambda: self._strike_in("upload"))
        with armed(self.rig, self.plan.get("upload")):
            answer = self._ask_until_answered(
                "POST", "/v1/files", data={"purpose": "batch"}, fresh=lambda: {"files": {"file": half.again()}}
            )
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
        self.batch = str(self._ask_until_answered("POST", "/v1/batches", json=wanted, headers=headers)["id"])

    def webhook(self) -> None:
        with armed(self.rig, self.plan.get("webhook")):
            wait(lambda: bool(self.receiver.received), "a webhook")
        self._strike_in("webhook")
        self.receiver.release()
        self._recovered("webhook", lambda: self._webhooks_due() == 0)

    def _retention(self) -> None:
        with self.rig.database() as database:
            database.execute("UPDATE files SET created_at = created_at - interval '40 days'")
        with self._held("retention"), armed(self.rig, self.plan.get("retention")):
            self._purge()
            self._strike_while("retention", lambda: self._is_blocked("retention") or self._purge_again())
        self._recovered("retention", self._is_purged)
        assert self._batch()["status"] == "completed"

    def _purge(self) -> None:
        self.rig.send_task("retention.purge", "retention")

    # Striking

    def strike(self, fault: str) -> None:
        """Let something go wrong, and remember what was saved by then: it must not be asked for again."""
        self._saved_before.append((self._saved(), self.rig.journal_size))
        FAULTS[fault](self.rig)

    def _strike_in(self, phase: str) -> None:
        fault = self.plan.get(phase)
        if fault is not None and phase not in self.recoveries:
            self.strike(fault)
            self.recoveries[phase] = time.monotonic()
            self._api_answers[phase] = _Answering(self.rig)

    def _strike_at(self, phase: str, reached: Callable[[], bool], then: Callable[[], None] = lambda: None) -> None:
        """Strike a phase that passes by itself, and see the batch go on."""
        with armed(self.rig, self.plan.get(phase)):
            wait(reached, f"{phase}: {self.answered()} answered")
        self._strike_in(phase)
        then()
        # Answers that the engine had given before the fault do not count.
        enough = min(self.answered() + ON_ITS_WAY, self.lines)
        self._recovered(phase, lambda: self.answered() >= enough)

    @contextmanager
    def _held(self, phase: str) -> Iterator[Callable[[], None]]:
        """Hold a phase that has a fault open; what is given back takes hold again, should a fault have loosened it."""
        with ExitStack() as stack:
            if phase not in self.plan:
                yield lambda: None
                return
            hold = _Hold(self.rig, phase)
            stack.callback(hold.release)
            hold.take()
            yield hold.take

    @contextmanager
    def _struck_while_blocked(self, phase: str, then: Callable[[], None] = lambda: None) -> Iterator[None]:
        with armed(self.rig, self.plan.get(phase)):
            yield
            self._strike_while(phase, lambda: self._is_blocked(phase))
            then()

    def _strike_while(self, phase: str, reached: Callable[[], bool]) -> None:
        if phase in self.plan:
            wait(reached, phase)
            self._strike_in(phase)

    def _recovered(self, phase: str, moved_on: Callable[[], bool]) -> None:
        """The batch has to be on its way again soon after the fault is over."""
        if phase in self.plan:
            wait(moved_on, f"recovery from {self.plan[phase]} in {phase}", RECOVERY_SECONDS)
            self.recoveries[phase] = time.monotonic() - self.recoveries[phase]

    # What must hold

    def check(self) -> None:
        batch = self._batch()
        lines = self._output(batch)
        assert Counter(line["custom_id"] for line in lines) == Counter(self._custom_id(n) for n in range(self.lines))
        assert batch["request_counts"] == {"total": self.lines, "completed": self.lines, "failed": 0}
        used = [line["response"]["body"]["usage"] for line in lines]
        assert batch["usage"]["input_tokens"] == sum(usage["prompt_tokens"] for usage in used)
        assert batch["usage"]["output_tokens"] == sum(usage["completion_tokens"] for usage in used)
        assert len({headers["webhook-id"] for headers in self.receiver.received}) == 1
        self._check_that_nothing_ran_again()

    def _check_that_nothing_ran_again(self) -> None:
        for saved, position in self._saved_before:
            asked = {json.loads(body)["messages"][0]["content"] for body in self.rig.answered_since(position)}
            assert not saved & asked, "an answer that was saved was asked for again"

    # What the system says

    def _line(self, number: int) -> dict[str, Any]:
        chat = {"model": MODEL, "messages": [{"role": "user", "content": self._custom_id(number)}]}
        return {"custom_id": self._custom_id(number), "method": "POST", "url": ENDPOINT, "body": chat}

    def _custom_id(self, number: int) -> str:
        return f"{self._name}-{number}"

    def _batch(self) -> dict[str, Any]:
        return self._ask_until_answered("GET", f"/v1/batches/{self.batch}")

    def status(self) -> str:
        return str(self._of_batch("SELECT status FROM batches WHERE id = %s"))

    def answered(self) -> int:
        return int(self._of_batch("SELECT coalesce(sum(completed), 0) FROM chunks WHERE batch_id = %s"))

    def _of_batch(self, query: str) -> Any:
        """Out of the tables: the batch runs on while the API is away."""
        return self._patiently(lambda: self.rig.ask(query, self.batch.removeprefix("batch_")))

    def _output(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        with self.rig.system.http() as http:
            content = http.get(f"/v1/files/{batch['output_file_id']}/content").raise_for_status()
        return [json.loads(line) for line in content.text.splitlines()]

    def _saved(self) -> set[str]:
        """The custom ids, which are the prompts too, of the answers that are in the database."""
        query = "SELECT custom_id FROM results JOIN requests USING (batch_id, line) WHERE batch_id = %s"
        if not self.batch:
            return set()
        with self.rig.database() as database:
            return {row[0] for row in database.execute(query.encode(), (self.batch.removeprefix("batch_"),))}

    def _is_blocked(self, phase: str) -> bool:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND objid = %s"
        return bool(self._patiently(lambda: self.rig.ask(waiting, PHASES.index(phase))))

    def _webhooks_due(self) -> int:
        due = """
            SELECT count(*) FROM webhook_deliveries JOIN events ON events.id = event_id
            WHERE next_attempt_at IS NOT NULL AND batch_id = %s
        """
        return int(self._of_batch(due))

    def _is_purged(self) -> bool:
        """A purge that was cut off goes on the next day: here that day comes at once."""
        if self._of_batch("SELECT count(*) FROM results WHERE batch_id = %s") == 0:
            return True
        return self._purge_again()

    def _purge_again(self) -> bool:
        with suppress(OperationalError):
            self._purge()
        time.sleep(1)
        return False

    def _ask_until_answered(
        self, method: str, path: str, fresh: Callable[[], dict[str, Any]] = dict, **options: Any
    ) -> dict[str, Any]:
        """As a client does that tries again: connections may be cut, and a 503 says to come back."""
        end = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                with self.rig.system.http() as http:
                    answer = http.request(method, path, **options, **fresh(), timeout=30)
                if answer.status_code < 500:
                    return dict(answer.raise_for_status().json())
                said = answer.text
            except httpx.TransportError as error:
                said = repr(error)
            assert time.monotonic() < end, f"{method} {path}: {said}"
            time.sleep(0.2)

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        end = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                return ask()
            except psycopg.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.1)


class _Answering:
    """Waits, beside everything else, until the API answers."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._began = time.monotonic()
        self._after: float | None = None
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def after_seconds(self) -> float:
        self._thread.join(RECOVERY_SECONDS)
        assert self._after is not None, "the API does not answer"
        return self._after

    def _poll(self) -> None:
        while self._after is None:
            with suppress(httpx.TransportError), self._rig.system.http() as http:
                if http.get("/v1/batches", timeout=5).is_success:
                    self._after = time.monotonic() - self._began
            time.sleep(0.1)


def prepare(rig: Rig) -> None:
    """Let a phase's next write wait for whoever holds that phase's lock, and nobody else."""
    with rig.database() as database:
        database.execute("""
            CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint); RETURN NULL; END $$
        """)
        for phase, write in HELD_WRITES.items():
            trigger = (
                f"CREATE TRIGGER hold BEFORE {write} FOR EACH STATEMENT EXECUTE FUNCTION hold({PHASES.index(phase)})"
            )
            database.execute(trigger.encode())


class _Hold:
    """Holds a phase open."""

    def __init__(self, rig: Rig, phase: str) -> None:
        self._rig = rig
        self._lock = PHASES.index(phase)
        self._connection: psycopg.Connection[Any] | None = None

    def take(self) -> None:
        while not self._is_held():
            with suppress(psycopg.OperationalError):
                self._connection = psycopg.connect(
                    self._rig.system.running.database_url, connect_timeout=5, autocommit=True
                )
                self._connection.execute("SELECT pg_advisory_lock(%s)", (self._lock,))

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _is_held(self) -> bool:
        try:
            return self._connection is not None and self._connection.execute("SELECT true") is not None
        except psycopg.Error:
            return False


class _Interrupted:
    """A file to upload; half-way through its first reading something happens."""

    def __init__(self, content: bytes, at_half: Callable[[], None]) -> None:
        self._content = content
        self._at_half = at_half

    def again(self) -> tuple[str, io.RawIOBase]:
        return "requests.jsonl", _Half(self._content, self._at_half)


class _Half(io.RawIOBase):
    def __init__(self, content: bytes, at_half: Callable[[], None]) -> None:
        self._stream = io.BytesIO(content)
        self._middle = len(content) // 2
        self._at_half = at_half

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        position = self._stream.tell()
        if position >= self._middle:
            self._at_half()
        return self._stream.read(min(size, 16_384) if size > 0 else 16_384)


def wait(holds: Callable[[], bool], what: str, seconds: float = RECOVERY_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"no {what} within {seconds:.0f} seconds"
        time.sleep(POLL_SECONDS)
