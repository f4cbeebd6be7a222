from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import openai
import pytest
from openai import OpenAI
from redis import Redis
from sqlalchemy.orm import Session

from inference.quotas import RateLimiter
from schemas.errors import BatchNotFound
from schemas.ids import BATCH, parse
from schemas.states import BatchStatus
from schemas.tables import Batch, Chunk

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


def test_batches_beyond_what_a_tenant_may_have_waiting_are_refused(
    api_url: str, make_key: MakeKey, session: Session
) -> None:
    client = client_of(api_url, make_key("busy", pending_requests=10))
    file = client.files.create(file=("a", b"{}"), purpose="batch").id
    batch = client.batches.create(input_file_id=file, endpoint="/v1/completions", completion_window="24h")
    row = session.get_one(Batch, parse(BATCH, batch.id, BatchNotFound))
    row.status = BatchStatus.IN_PROGRESS
    chunk = Chunk(batch_id=row.id, number=0, model="m", total=10)
    session.add(chunk)
    session.commit()
    with pytest.raises(openai.RateLimitError):
        client.batches.create(input_file_id=file, endpoint="/v1/completions", completion_window="24h")
    chunk.completed = 1
    session.commit()
    client.batches.create(input_file_id=file, endpoint="/v1/completions", completion_window="24h")
