"""Answers that are kept for later batches."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from inference import finaliser, finished, retention, reuse
from schemas.database import session_scope
from schemas.errors import RequestInvalid
from schemas.tables import KeptAnswer
from schemas.tables.base import now
from tests.conftest import forget_settings
from tests.integration.inference.batch_fixtures import (
    MODEL,
    as_jsonl,
    batch,
    chat_line,
    lines_of,
    progress,
    submit,
    worker,
)

pytestmark = pytest.mark.usefixtures("database_url")

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def a_week(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("VBS_REUSE_DAYS", "7")
    forget_settings()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def run(journal: Path, count: int = 20, wanted: dict[str, object] | None = None, **body: object) -> UUID:
    lines = [chat_line(f"c-{n}", f"Is {n % 10} a fit?", **({"temperature": 0} | body)) for n in range(count)]
    batch_id = submit(as_jsonl(lines), **({"reuse_answers": True} | (wanted or {})))
    with worker(journal=str(journal)) as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    return batch_id


def lines(batch_id: UUID) -> list[dict[str, Any]]:
    return lines_of(batch(batch_id).output_file_id)


def asked(journal: Path) -> int:
    return len(journal.read_text().splitlines())


def test_the_second_batch_computes_nothing_and_says_whose_answers_it_has(journal: Path) -> None:
    first, second = run(journal), run(journal)
    assert asked(journal) == 10
    origins = {json.dumps(line["response"]["body"]): line["id"] for line in lines(first) if "same_as" not in line}
    again = lines(second)
    assert [line["custom_id"] for line in again] == [f"c-{n}" for n in range(20)]
    assert [line["reused_from"] for line in again] == [origins[json.dumps(line["response"]["body"])] for line in again]
    assert {line["served_by"] for line in again} == {line["served_by"] for line in lines(first)}
    counted = progress(second)
    assert (counted.completed, counted.shared_requests) == (20, 20)
    assert counted.shared_input_tokens == counted.input_tokens == progress(first).input_tokens


def test_a_kept_answer_counts_all_that_it_says_it_used(journal: Path) -> None:
    used = {"prompt_tokens": 9, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}}
    run(journal)
    with session_scope() as session:
        session.execute(update(KeptAnswer).values(body=json.dumps({"usage": used})))
    counted = progress(run(journal))
    assert (counted.input_tokens, counted.output_tokens, counted.reasoning_tokens) == (180, 100, 60)


@pytest.mark.parametrize(
    "changed",
    [{"temperature": 0.5}, {"max_tokens": 7}, {"wanted": {"tenant": "other"}}, {"wanted": {"reuse_answers": False}}],
)
def test_what_is_not_the_same_or_not_allowed_is_computed(journal: Path, changed: dict[str, Any]) -> None:
    run(journal)
    assert "reused_from" not in lines(run(journal, **changed))[0]
    assert asked(journal) >= 20


def test_a_batch_that_does_not_want_it_leaves_nothing_behind(journal: Path) -> None:
    run(journal, wanted={"reuse_answers": False})
    run(journal)
    assert asked(journal) == 20


def test_what_was_refused_is_asked_again(journal: Path) -> None:
    prompts = as_jsonl([chat_line("long", "word " * 400, temperature=0)])
    for _ in range(2):
        submit(prompts, reuse_answers=True)
        with worker(max_tokens="100", journal=str(journal)) as gpu:
            gpu.work()
    assert asked(journal) == 2


def test_answers_past_their_time_are_neither_found_nor_kept(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBS_REUSE_DAYS", "0.0000001")
    forget_settings()
    run(journal)
    run(journal)
    assert asked(journal) == 20
    monkeypatch.setenv("VBS_REUSE_DAYS", "7")
    forget_settings()
    run(journal)
    assert asked(journal) == 30
    run(journal)
    assert asked(journal) == 30, "what is past its time must give way to a new answer"
    assert reuse.purge(session_scope, now() + timedelta(days=8)) == 10
    run(journal)
    assert asked(journal) == 40


def test_the_daily_purge_removes_them(journal: Path) -> None:
    run(journal)
    retention.purge(session_scope, now() + timedelta(days=8))
    with session_scope() as session:
        assert reuse.forget(session, "acme") == 0


def test_a_tenant_can_have_its_own_forgotten(journal: Path) -> None:
    run(journal)
    with session_scope() as session:
        assert reuse.forget(session, "other") == 0
        assert reuse.forget(session, "acme") == 10
    run(journal)
    assert asked(journal) == 20


def test_without_the_operators_leave_no_batch_can_reuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBS_REUSE_DAYS", "0")
    forget_settings()
    with pytest.raises(RequestInvalid, match="VBS_REUSE_DAYS"):
        submit(as_jsonl([chat_line("c")]), reuse_answers=True)


def test_a_large_answer_is_not_kept(journal: Path) -> None:
    body = {"model": MODEL, "input": ["Ada"] * 1000}
    many = {"custom_id": "c", "method": "POST", "url": "/v1/embeddings", "body": body}
    for _ in range(2):
        batch_id = submit(as_jsonl([many]), reuse_answers=True, endpoint="/v1/embeddings")
        with worker(journal=str(journal)) as gpu:
            gpu.work()
        finaliser.finalise(batch_id)
        (line,) = lines(batch_id)
        assert len(json.dumps(line)) > finished.LARGEST_KEPT_BYTES
    assert asked(journal) == 2
