"""A request that kills the engine costs one error line, and nobody else's answer."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from cli.processes import wait_until
from inference import finaliser, reloads
from inference.suspicion import GIVEN_UP_AFTER
from schemas.database import session_scope
from schemas.tables import Chunk
from tests.integration.inference.batch_fixtures import (
    as_jsonl,
    batch,
    chat_line,
    leased,
    lines_of,
    submit,
    worker,
)

pytestmark = pytest.mark.usefixtures("database_url")


def ends_with(batch_id: UUID, culprits: set[str], of: int) -> None:
    """Every request has its line; the culprits' say what they did, and all others are answered."""
    assert finaliser.finalise(batch_id) == "completed"
    ended = batch(batch_id)
    refused = {line["custom_id"]: line["error"]["code"] for line in lines_of(ended.error_file_id)}  # type: ignore[index]
    assert refused == dict.fromkeys(culprits, "engine_crashed")
    answered = [line["custom_id"] for line in lines_of(ended.output_file_id)]
    assert sorted([*answered, *culprits]) == sorted(f"c-{n}" for n in range(of))  # type: ignore[type-var, list-item]
    assert (ended.completed, ended.failed) == (of - len(culprits), len(culprits))


def times_asked(journal: Path, text: str) -> int:
    """How often the engine was asked what has this text in it: for a culprit, so often has it died."""
    return sum(text in body for body in journal.read_text().splitlines())


def test_a_request_that_kills_the_engine_is_found_in_five_deaths_and_all_others_are_answered(tmp_path: Path) -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "POISON" if n == 133 else "hello") for n in range(300)]))
    journal = tmp_path / "journal"
    with worker(crash_on="POISON", latency_ms="5", concurrency="32", journal=str(journal)) as gpu:
        gpu.work()
    assert times_asked(journal, "POISON") == GIVEN_UP_AFTER == 5
    ends_with(batch_id, {"c-133"}, 300)


def test_several_culprits_are_found_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloads, "PAUSES_SECONDS", (0,))
    poison = {3, 4, 250}
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "POISON" if n in poison else "hello") for n in range(300)]))
    with worker(crash_on="POISON", concurrency="16") as gpu:
        gpu.work()
    ends_with(batch_id, {f"c-{n}" for n in poison}, 300)


def test_a_request_that_makes_the_engine_hang_is_found_like_one_that_kills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBS_ENGINE_STALL_SECONDS", "1")
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "POISON" if n == 50 else "hello") for n in range(100)]))
    journal = tmp_path / "journal"
    with worker(freeze_on="POISON", concurrency="8", journal=str(journal)) as gpu:
        gpu.work()
    assert times_asked(journal, "POISON") == GIVEN_UP_AFTER
    ends_with(batch_id, {"c-50"}, 100)


def test_healthy_batches_come_before_what_broke_the_engine_twice() -> None:
    poisoned = submit(as_jsonl([chat_line(f"c-{n}", "POISON" if n == 5 else "hello") for n in range(10)]))
    healthy = submit(as_jsonl([chat_line(f"c-{n}") for n in range(10)]))
    with session_scope() as session:
        session.execute(update(Chunk).where(Chunk.batch_id == poisoned).values(deaths=2, suspect_to=10))
    first, second = leased(), leased()
    assert first and second
    assert [first.batch_id, second.batch_id] == [healthy, poisoned]


WORKER = """
import sys
from tests.integration.inference.batch_fixtures import worker
with worker("gpu0", crash_on="POISON", crash_hard="1") as gpu:
    from inference import claiming
    from schemas.database import session_scope
    with session_scope() as session:
        claiming.take_back(session, "gpu0")
    gpu.work()
"""


def test_a_request_that_kills_the_whole_worker_is_found_over_its_restarts() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}", "POISON" if n == 70 else "hello") for n in range(200)]))
    deaths = 0
    while subprocess.run([sys.executable, "-c", WORKER], check=False).returncode:
        deaths += 1
        assert deaths <= GIVEN_UP_AFTER
    assert deaths == GIVEN_UP_AFTER
    ends_with(batch_id, {"c-70"}, 200)


def test_an_engine_that_was_restarted_in_order_leaves_no_suspects() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(200)]))
    with worker(latency_ms="100", concurrency="10") as gpu:
        running = gpu.start_work()
        assert wait_until(lambda: gpu.host.in_flight > 0, 10)
        gpu.host.wrap_up()
        running.result(10)
    with session_scope() as session:
        assert session.scalars(select(Chunk.deaths).where(Chunk.batch_id == batch_id)).all() == [0, 0]
