from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types import Batch
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from schemas import tables
from schemas.errors import BatchNotFound
from schemas.ids import BATCH, parse
from schemas.states import BatchStatus
from schemas.tables import Chunk, PaceSample, Result
from schemas.tables.base import now

CHAT = "/v1/chat/completions"
OURS = {"priority", "retry_of", "reuse_answers", "progress"}


@pytest.fixture
def input_file(client: OpenAI) -> str:
    return client.files.create(file=("in.jsonl", b"{}\n"), purpose="batch").id


def create(client: OpenAI, input_file: str, **more: object) -> Batch:
    return client.batches.create(
        input_file_id=input_file, endpoint=CHAT, completion_window="24h", extra_body=more or None
    )


def at_once(call: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(4) as pool:
        return [made.result() for made in [pool.submit(call) for _ in range(4)]]


def row(session: Session, batch_id: str) -> tables.Batch:
    return session.get_one(tables.Batch, parse(BATCH, batch_id, BatchNotFound))


def test_a_new_batch_is_validating_with_every_field_present(
    client: OpenAI, http: httpx.Client, input_file: str
) -> None:
    batch = create(client, input_file, metadata={"run": "7"})
    shown = http.get(f"/batches/{batch.id}").json()
    assert set(shown) == set(Batch.model_fields) | OURS
    assert shown["request_counts"] == {"total": 0, "completed": 0, "failed": 0}
    assert shown["usage"] == {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
        "shared": {"requests": 0, "input_tokens": 0, "output_tokens": 0},
    }
    assert (batch.status, batch.object, batch.metadata) == ("validating", "batch", {"run": "7"})
    assert batch.expires_at == batch.created_at + 24 * 3600
    empty = (
        "errors",
        "output_file_id",
        "error_file_id",
        "in_progress_at",
        "completed_at",
        "cancelled_at",
        "model",
        "progress",
    )
    assert all(shown[name] is None for name in empty)


@pytest.mark.parametrize(
    "status", [BatchStatus.COMPLETED, BatchStatus.FAILED, BatchStatus.EXPIRED, BatchStatus.CANCELLED]
)
def test_an_ended_batch_shows_when_it_ended_under_its_own_name(
    client: OpenAI, session: Session, input_file: str, status: BatchStatus
) -> None:
    batch = create(client, input_file)
    known = row(session, batch.id)
    known.status, known.ended_at, known.total, known.completed, known.failed = status, now(), 3, 2, 1
    known.input_tokens, known.cached_tokens, known.output_tokens, known.reasoning_tokens = 10, 4, 5, 2
    known.errors = [{"code": "invalid_json", "line": 1, "message": "Not JSON.", "param": None}]
    session.commit()
    shown = client.batches.retrieve(batch.id)
    ended = {f"{name}_at": getattr(shown, f"{name}_at") for name in ("completed", "failed", "expired", "cancelled")}
    assert {name for name, value in ended.items() if value} == {f"{status}_at"}
    assert shown.request_counts is not None
    assert shown.usage is not None
    assert (shown.request_counts.total, shown.usage.total_tokens) == (3, 15)
    assert (shown.usage.input_tokens_details.cached_tokens, shown.usage.output_tokens_details.reasoning_tokens) == (
        4,
        2,
    )
    assert shown.errors is not None
    assert shown.errors.data is not None
    assert (shown.errors.object, shown.errors.data[0].code) == ("list", "invalid_json")


def test_the_counts_of_a_running_batch_are_those_of_its_chunks(
    client: OpenAI, session: Session, input_file: str
) -> None:
    batch = create(client, input_file)
    known = row(session, batch.id)
    known.status = BatchStatus.IN_PROGRESS
    for number in range(2):
        chunk = Chunk(batch_id=known.id, number=number, model="m", lines=[], total=10, completed=3, failed=1)
        chunk.input_tokens = 7
        session.add(chunk)
    session.commit()
    shown = client.batches.retrieve(batch.id)
    assert shown.request_counts is not None
    assert shown.usage is not None
    assert shown.request_counts.model_dump() == {"total": 20, "completed": 6, "failed": 2}
    assert shown.usage.input_tokens == 14


def test_a_running_batch_shows_its_pace_and_what_is_left_and_others_show_none(
    client: OpenAI, http: httpx.Client, session: Session, input_file: str
) -> None:
    running, waiting = create(client, input_file), create(client, input_file)
    known = row(session, running.id)
    known.status, known.in_progress_at = BatchStatus.IN_PROGRESS, now() - timedelta(seconds=100)
    counts = {"input_tokens": 4000, "cached_tokens": 1000, "output_tokens": 8000, "busy_seconds": 800.0}
    session.add(Chunk(batch_id=known.id, number=0, model="m", lines=[], total=1000, completed=400, **counts))
    for number in range(20):
        moment = known.in_progress_at + timedelta(seconds=5 * number)
        part = {name: count * number // 20 for name, count in counts.items()}
        session.add(PaceSample(batch_id=known.id, number=number, moment=moment, finished=20 * number, **part))
    session.commit()
    shown = http.get(f"/batches/{running.id}").json()["progress"]
    left = shown.pop("seconds_left")
    approximately = {"requests_per_second": 4, "input_tokens_per_second": 40, "output_tokens_per_second": 80}
    assert shown == pytest.approx(approximately | {"cache_hit_share": 0.25}, rel=0.05)
    assert left["expected"] == pytest.approx(150, rel=0.1)
    assert 75 < left["low"] < left["expected"] < left["high"] < 300
    listed = {batch["id"]: batch["progress"] for batch in http.get("/batches").json()["data"]}
    assert listed[running.id]["requests_per_second"] == pytest.approx(4, rel=0.05)
    assert listed[waiting.id] is None
    known.status = BatchStatus.FINALIZING
    session.commit()
    assert http.get(f"/batches/{running.id}").json()["progress"] is None


def test_pages_of_batches_follow_the_ids_to_the_end(client: OpenAI, input_file: str) -> None:
    created = [create(client, input_file).id for _ in range(5)]
    assert [batch.id for batch in client.batches.list(limit=2)] == created[::-1]
    page = client.batches.list(limit=2, after=created[4])
    assert ([batch.id for batch in page.data], page.has_more) == (created[3:1:-1], True)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=batch_1", "after=%00"])
def test_a_list_query_that_does_not_fit_is_refused_by_name(http: httpx.Client, query: str) -> None:
    answer = http.get(f"/batches?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.partition("=")[0])


def test_an_unknown_batch_is_an_openai_shaped_404(client: OpenAI) -> None:
    for unknown in ("batch_1", f"batch_{'0' * 32}", "file-1", "batch_" + "x" * 500):
        with pytest.raises(openai.NotFoundError) as error:
            client.batches.retrieve(unknown)
        assert isinstance(error.value.body, dict)
        assert set(error.value.body) == {"message", "type", "param", "code"}


def test_the_batch_of_another_tenant_does_not_exist(client: OpenAI, stranger: OpenAI, input_file: str) -> None:
    batch = create(client, input_file)
    assert list(stranger.batches.list()) == []
    with pytest.raises(openai.NotFoundError):
        stranger.batches.retrieve(batch.id)
    with pytest.raises(openai.NotFoundError):
        stranger.batches.cancel(batch.id)
    with pytest.raises(openai.NotFoundError):
        create(stranger, input_file)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"completion_window": "30m"}, "completion_window"),
        ({"completion_window": "31d"}, "completion_window"),
        ({"completion_window": 24}, "completion_window"),
        ({"endpoint": "/v1/images"}, "endpoint"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: ""}}, f"metadata.{'k' * 65}"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k"),
        ({"metadata": {"k": 1}}, "metadata.k"),
        ({"metadata": {"k": "\0"}}, "metadata.k"),
        ({"metadata": ["k"]}, "metadata"),
        ({"priority": 11}, "priority"),
        ({"priority": "urgent"}, "priority"),
        ({"priority": True}, "priority"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 3599}}, "output_expires_after.seconds"),
        ({"output_expires_after": {"anchor": "now", "seconds": 3600}}, "output_expires_after.anchor"),
        ({"input_file_id": None}, "input_file_id"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_by_name(
    client: OpenAI, session: Session, input_file: str, more: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        create(client, input_file, **more)
    assert error.value.param == param
    assert session.scalars(select(tables.Batch)).all() == []


@pytest.mark.parametrize(("window", "hours"), [("1h", 1), ("30d", 720)])
def test_windows_from_an_hour_to_thirty_days_are_kept(client: OpenAI, input_file: str, window: str, hours: int) -> None:
    batch = create(client, input_file, completion_window=window)
    assert batch.expires_at == batch.created_at + hours * 3600


@pytest.mark.parametrize(("priority", "number"), [("low", -5), ("normal", 0), ("high", 5), (-10, -10), (10, 10)])
def test_a_priority_is_a_number_or_a_word(
    client: OpenAI, session: Session, input_file: str, priority: int | str, number: int
) -> None:
    assert row(session, create(client, input_file, priority=priority).id).priority == number


@pytest.mark.parametrize("unknown", ["file-1", f"file-{'0' * 32}"])
def test_an_unknown_input_file_is_a_404_that_names_the_parameter(client: OpenAI, unknown: str) -> None:
    with pytest.raises(openai.NotFoundError) as error:
        create(client, unknown)
    assert error.value.param == "input_file_id"


def test_a_file_for_another_purpose_is_refused(client: OpenAI) -> None:
    file = client.files.create(file=("a", b"{}"), purpose="fine-tune")
    with pytest.raises(openai.BadRequestError):
        create(client, file.id)


def test_a_repeated_call_under_one_idempotency_key_makes_one_batch(
    http: httpx.Client, session: Session, input_file: str
) -> None:
    wanted = {"input_file_id": input_file, "endpoint": CHAT, "completion_window": "24h"}
    headers = {"Idempotency-Key": "once"}
    answers = at_once(lambda: http.post("/batches", json=wanted, headers=headers))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(session.scalars(select(tables.Batch)).all()) == 1
    other = http.post("/batches", json=wanted | {"completion_window": "1h"}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")


def test_a_batch_is_cancelled_once_and_an_ended_one_not_at_all(
    client: OpenAI, session: Session, input_file: str
) -> None:
    batch = create(client, input_file)
    assert client.batches.cancel(batch.id).status == "cancelling"
    assert client.batches.cancel(batch.id).status == "cancelling"
    known = row(session, batch.id)
    known.status, known.ended_at = BatchStatus.COMPLETED, now()
    session.commit()
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch.id)


def test_results_can_be_read_while_the_batch_runs_and_from_any_line(
    client: OpenAI, http: httpx.Client, session: Session, input_file: str
) -> None:
    batch = create(client, input_file)
    known = row(session, batch.id)
    known.status = BatchStatus.IN_PROGRESS
    for line in (1, 2, 4):
        session.add(Result(batch_id=known.id, line=line, succeeded=True, answer=f'{{"line":{line}}}'))
    session.commit()
    answer = http.get(f"/batches/{batch.id}/results")
    assert answer.text == '{"line":1}\n{"line":2}\n{"line":4}\n'
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert (answer.headers["x-incomplete"], answer.headers["x-last-line"]) == ("true", "2")
    assert http.get(f"/batches/{batch.id}/results?after_line=2").text == '{"line":4}\n'
    known.status, known.ended_at, known.total = BatchStatus.COMPLETED, now(), 4
    session.commit()
    answer = http.get(f"/batches/{batch.id}/results")
    assert (answer.headers["x-incomplete"], answer.headers["x-last-line"]) == ("false", "4")


def test_a_live_batch_is_not_retried(client: OpenAI, http: httpx.Client, input_file: str) -> None:
    batch = create(client, input_file)
    assert http.post(f"/batches/{batch.id}/retry").status_code == 409


@pytest.fixture
def cancelled_batch(client: OpenAI, session: Session, input_file: str) -> str:
    """Of its three requests the first succeeded and the second failed."""
    batch = create(client, input_file)
    known = row(session, batch.id)
    known.status, known.ended_at, known.total, known.completed = BatchStatus.CANCELLED, now(), 3, 1
    for line in (1, 2, 3):
        session.add(tables.Request(batch_id=known.id, line=line, custom_id=f"c{line}", body='{"model":"m"}'))
    session.add(Result(batch_id=known.id, line=1, succeeded=True, answer="{}"))
    session.add(Result(batch_id=known.id, line=2, succeeded=False, answer="{}"))
    session.commit()
    return batch.id


def test_a_retry_holds_the_requests_that_did_not_succeed(
    client: OpenAI, http: httpx.Client, cancelled_batch: str
) -> None:
    retry = http.post(f"/batches/{cancelled_batch}/retry").json()
    assert retry["retry_of"] == cancelled_batch
    lines = client.files.content(retry["input_file_id"]).text.splitlines()
    assert ['"c2"' in lines[0], '"c3"' in lines[1], len(lines)] == [True, True, 2]


def test_a_retry_of_requests_that_are_being_purged_is_refused_and_not_made_of_what_is_left(
    http: httpx.Client, cancelled_batch: str, session: Session
) -> None:
    session.execute(delete(tables.Request).where(tables.Request.line == 3))
    session.commit()
    answer = http.post(f"/batches/{cancelled_batch}/retry")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "content_expired")


def test_a_repeated_retry_under_one_idempotency_key_makes_one_batch_and_one_file(
    http: httpx.Client, input_file: str, cancelled_batch: str, data_dir: Path
) -> None:
    headers = {"Idempotency-Key": "once"}
    answers = at_once(lambda: http.post(f"/batches/{cancelled_batch}/retry", headers=headers))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(list(data_dir.rglob("input/*"))) == len(http.get("/files").json()["data"]) == 2
    wanted = {"input_file_id": input_file, "endpoint": CHAT, "completion_window": "24h"}
    other = http.post("/batches", json=wanted, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert http.post(f"/batches/{cancelled_batch}/retry").json()["id"] != answers[0].json()["id"]


@pytest.mark.parametrize("after_line", [2**31, 2**40, 2**62])
def test_a_line_that_no_file_can_have_is_refused(
    client: OpenAI, http: httpx.Client, input_file: str, after_line: int
) -> None:
    answer = http.get(f"/batches/{create(client, input_file).id}/results?after_line={after_line}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "after_line")


def test_an_empty_webhook_url_is_refused_and_not_taken_for_none(client: OpenAI, input_file: str) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        create(client, input_file, webhook={"url": ""})
    assert error.value.param == "webhook.url"


def test_a_webhook_can_be_asked_for_with_the_batch(client: OpenAI, session: Session, input_file: str) -> None:
    secret = "whsec_" + "QUJD" * 8
    batch = create(client, input_file, webhook={"url": "https://93.184.216.34/hook", "secret": secret})
    (webhook,) = session.scalars(select(tables.Webhook)).all()
    assert (webhook.batch_id, webhook.url) == (row(session, batch.id).id, "https://93.184.216.34/hook")
    with pytest.raises(openai.BadRequestError) as error:
        create(client, input_file, webhook={"url": "https://127.0.0.1/hook"})
    assert error.value.param == "webhook.url"


def test_a_webhook_without_a_secret_gets_one_that_only_its_creator_is_shown(client: OpenAI, input_file: str) -> None:
    batch = create(client, input_file, webhook={"url": "https://93.184.216.34/hook"})
    shown = batch.model_extra or {}
    assert shown["webhook"]["secret"].startswith("whsec_")
    assert "webhook" not in (client.batches.retrieve(batch.id).model_extra or {})


def test_the_windows_end_is_the_batchs_expiry_and_not_its_files(
    client: OpenAI, session: Session, input_file: str
) -> None:
    expiry = {"anchor": "created_at", "seconds": 7200}
    batch = create(client, input_file, output_expires_after=expiry)
    known = row(session, batch.id)
    assert known.output_expires_after_seconds == 7200
    assert known.expires_at - known.created_at == timedelta(hours=24)
