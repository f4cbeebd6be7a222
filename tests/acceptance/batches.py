"""Batches as a user of the official client makes them."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

from openai import OpenAI
from openai.types import Batch

from tests.acceptance.conftest import MODEL

CHAT = "/v1/chat/completions"
ENDED = {"completed", "failed", "expired", "cancelled"}


def request(number: int, url: str = CHAT, **body: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"model": MODEL, "max_tokens": 8, "temperature": 0}
    match url:
        case "/v1/completions":
            asked["prompt"] = f"Candidate {number} is"
        case "/v1/responses":
            asked = {"model": MODEL, "max_output_tokens": 16, "input": f"Rate candidate {number}."}
        case "/v1/embeddings":
            asked = {"model": MODEL, "input": f"Candidate {number}"}
        case _:
            asked["messages"] = [{"role": "user", "content": f"Rate candidate {number}."}]
    return {"custom_id": f"candidate-{number}", "method": "POST", "url": url, "body": asked | body}


def submit(client: OpenAI, lines: list[dict[str, Any]], **wanted: Any) -> Batch:
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file = client.files.create(file=("requests.jsonl", io.BytesIO(content)), purpose="batch")
    asked: dict[str, Any] = {"endpoint": CHAT, "completion_window": "24h"} | wanted
    return client.batches.create(input_file_id=file.id, **asked)


def wait(client: OpenAI, batch: Batch, until: Callable[[Batch], bool] | None = None, seconds: float = 120) -> Batch:
    end = time.monotonic() + seconds
    while not (until(batch) if until else batch.status in ENDED):
        assert time.monotonic() < end, batch
        time.sleep(0.1)
        batch = client.batches.retrieve(batch.id)
    return batch


def lines_of(client: OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()] if file_id else []
