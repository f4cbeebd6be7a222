from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types import Batch as OpenAIBatch
from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from inference.quotas import RateLimiter
from schemas.errors import BatchNotFound
from schemas.ids import BATCH, FILE, parse, show
from schemas.states import BatchStatus
from schemas.tables import Batch, Chunk, File
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, submit

MakeKey = Callable[..., str]


def client_of(api_url: str, key: str) -> OpenAI:
    return OpenAI(api_key=key, base_url=f"{api_url}/v1", max_retries=0)


def test_more_calls_than_allowed_are_a_429_that_says_when_to_come_back(api_url: str, make_key: MakeKey) -> None:
    headers = {"Authorization": f"Bearer {make_key('eager', requests_per_minute=3)}"}
    answers = [httpx.get(f"{api_url}/v1/files", headers=headers) for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    # A new minute may begin in between, so that only the fifth or a later one is surely too many.
    assert 2 <= len(refused) <= 3 or len(answers) - len(refused) <= 6
    for answer in refused:
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.headers["x-ratelimit-remaining-requests"] == "0"
        assert answer.json()["error"]["type"] == "rate_limit_error"
    assert answers[0].headers["x-ratelimit-limit-requests"] == "3"


def test_without_redis_nobody_is_refused() -> None:
    limiter = RateLimiter(Redis(port=1, socket_connect_timeout=0.2))
    key = uuid4()
    for _ in range(10):
        limiter.count(key, 1).check()


def test_files_beyond_what_a_tenant_may_keep_are_refused_until_some_are_deleted(
    api_url: str, make_key: MakeKey, data_dir: Path
) -> None:
    client = client_of(api_url, make_key("hoarder", stored_bytes=3000))
    first = client.files.create(file=("a", b"a" * 2000), purpose="batch")
    with pytest.raises(openai.RateLimitError) as error:
        client.files.create(file=("b", b"b" * 1001), purpose="batch")
    assert "retry-after" in error.value.response.headers
    with pytest.raises(openai.RateLimitError):
        client.uploads.create(bytes=1001, filename="b", mime_type="text/plain", purpose="batch")
    assert len([path for path in data_dir.rglob("*") if path.is_file()]) == 1
    client.files.delete(first.id)
    assert client.files.create(file=("b", b"b" * 1001), purpose="batch").bytes == 1001


def begin_upload(client: OpenAI, size: int) -> str:
    return client.uploads.create(bytes=size, filename="b", mime_type="text/plain", purpose="batch").id


def test_an_upload_has_its_room_reserved_until_it_ends(api_url: str, make_key: MakeKey) -> None:
    client = client_of(api_url, make_key("hoarder", stored_bytes=3000))
    upload = begin_upload(client, 2000)
    with pytest.raises(openai.RateLimitError):
        begin_upload(client, 1001)
    with pytest.raises(openai.RateLimitError):
        client.files.create(file=("b", b"b" * 1001), purpose="batch")
    client.files.create(file=("b", b"b" * 500), purpose="batch")
    part = client.uploads.parts.create(upload, data=b"a" * 2000).id
    assert client.uploads.complete(upload, part_ids=[part]).status == "completed"


def test_a_cancelled_upload_gives_its_room_back(api_url: str, make_key: MakeKey) -> None:
    client = client_of(api_url, make_key("hoarder", stored_bytes=3000))
    client.uploads.cancel(begin_upload(client, 3000))
    begin_upload(client, 3000)


def test_an_upload_that_no_longer_fits_can_be_completed_once_files_are_deleted(
    api_url: str, make_key: MakeKey, session: Session, data_dir: Path
) -> None:
    client = client_of(api_url, make_key("hoarder", stored_bytes=3000))
    upload = begin_upload(client, 2000)
    part = client.uploads.parts.create(upload, data=b"a" * 2000).id
    # As a batch leaves it that ends meanwhile: nobody asks whether its output fits.
    output = File(tenant="hoarder", purpose="batch_output", filename="o", bytes=1001, location="output/o")
    session.add(output)
    session.commit()
    with pytest.raises(openai.RateLimitError):
        client.uploads.complete(upload, part_ids=[part])
    assert list(data_dir.rglob("input/*")) == []
    client.files.delete(show(FILE, output.id))
    assert client.uploads.complete(upload, part_ids=[part]).status == "completed"


def test_a_retry_that_does_not_fit_beside_the_tenants_files_is_refused_and_leaves_nothing(
    api_url: str, make_key: MakeKey, session: Session, data_dir: Path
) -> None:
    ended = submit(as_jsonl([chat_line("c-1", "word " * 100)]))
    session.execute(update(Batch).where(Batch.id == ended).values(status="cancelled", ended_at=now()))
    session.commit()
    client = client_of(api_url, make_key("acme", stored_bytes=1000))
    path = f"/batches/{show(BATCH, ended)}/retry"
    with pytest.raises(openai.RateLimitError):
        client.post(path, cast_to=object)
    assert len(list(data_dir.rglob("input/*"))) == 1


def test_batches_beyond_what_a_tenant_may_have_waiting_are_refused(
    api_url: str, make_key: MakeKey, session: Session
) -> None:
    client = client_of(api_url, make_key("busy", pending_requests=10))
    file = client.files.create(file=("a", b"{}"), purpose="batch").id
    batch = client.batches.create(input_file_id=file, endpoint="/v1/completions", completion_window="24h")
    row = session.get_one(Batch, parse(BATCH, batch.id, BatchNotFound))
    row.status = BatchStatus.IN_PROGRESS
    chunk = Chunk(batch_id=row.id, number=0, model="m", total=10, lines=[])
    session.add(chunk)
    session.commit()
    with pytest.raises(openai.RateLimitError):
        client.batches.create(input_file_id=file, endpoint="/v1/completions", completion_window="24h")
    chunk.completed = 1
    session.commit()
    client.batches.create(input_file_id=file, endpoint="/v1/completions", completion_window="24h")


def test_a_repeated_call_gets_its_batch_although_the_quota_is_full_by_now(
    api_url: str, make_key: MakeKey, session: Session
) -> None:
    ended = submit(as_jsonl([chat_line("c-1")]))
    session.execute(update(Batch).where(Batch.id == ended).values(status="cancelled", ended_at=now()))
    session.commit()
    client = client_of(api_url, make_key("acme", pending_requests=2))
    once = {"Idempotency-Key": "create"}, {"Idempotency-Key": "retry"}
    file = client.files.create(file=("a", b"{}"), purpose="batch").id
    wanted = {"input_file_id": file, "endpoint": "/v1/completions", "completion_window": "24h"}

    def call(path: str, headers: dict[str, str]) -> str:
        made = client.post(path, cast_to=OpenAIBatch, body=wanted, options={"headers": headers})
        return made.id

    paths = "/batches", f"/batches/{show(BATCH, ended)}/retry"
    made = [call(path, headers) for path, headers in zip(paths, once, strict=True)]
    for path in paths:
        with pytest.raises(openai.RateLimitError):
            call(path, {})
    assert [call(path, headers) for path, headers in zip(paths, once, strict=True)] == made
