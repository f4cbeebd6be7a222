"""A batch as its owner makes it, with plain HTTP."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.workload import ENDPOINT

Batch = dict[str, Any]
PART_BYTES = 64 * 1024**2


def upload(client: httpx.Client, file: Path) -> str:
    with file.open("rb") as stream:
        answer = client.post("/v1/files", data={"purpose": "batch"}, files={"file": (file.name, stream)})
    return str(answer.raise_for_status().json()["id"])


def upload_in_parts(client: httpx.Client, file: Path) -> str:
    """As OpenAI asks for where a file has more than 200 MB."""
    wanted = {"filename": file.name, "purpose": "batch", "bytes": file.stat().st_size, "mime_type": "application/jsonl"}
    address = f"/v1/uploads/{_post(client, '/v1/uploads', wanted)['id']}"
    part_ids = []
    with file.open("rb") as stream:
        while part := stream.read(PART_BYTES):
            answer = client.post(f"{address}/parts", files={"data": ("part", part)})
            part_ids.append(answer.raise_for_status().json()["id"])
    return str(_post(client, f"{address}/complete", {"part_ids": part_ids})["file"]["id"])


def create(client: httpx.Client, file_id: str) -> str:
    wanted = {"input_file_id": file_id, "endpoint": ENDPOINT, "completion_window": "24h"}
    return str(_post(client, "/v1/batches", wanted)["id"])


def retrieve(client: httpx.Client, batch_id: str) -> Batch:
    batch: Batch = client.get(f"/v1/batches/{batch_id}").raise_for_status().json()
    return batch


def wait(
    client: httpx.Client, batch_id: str, look: Callable[[Batch], None] = lambda _: None, every_seconds: float = 0.1
) -> Batch:
    """Until the batch is completed; `look` sees it each time that it is asked for."""
    while True:
        batch = retrieve(client, batch_id)
        look(batch)
        if batch["status"] == "completed":
            return batch
        assert batch["status"] in ("validating", "in_progress", "finalizing"), batch
        time.sleep(every_seconds)


def count_lines(client: httpx.Client, file_id: str) -> int:
    """Of a file that is downloaded, and thrown away as it comes."""
    with client.stream("GET", f"/v1/files/{file_id}/content") as answer:
        return sum(block.count(b"\n") for block in answer.raise_for_status().iter_bytes(1 << 18))


def _post(client: httpx.Client, address: str, wanted: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.post(address, json=wanted).raise_for_status().json()
    return answer
