"""The stub engine fails on demand, and only then."""

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from openai.types import CreateEmbeddingResponse

from inference.engines.base import Answer
from inference.engines.stub import StubEngine
from schemas.errors import EngineError, SettingInvalid


def body(prompt: str = "Hello", **more: Any) -> bytes:
    return json.dumps({"model": "m", "prompt": prompt} | more).encode()


def ask(engine: StubEngine, *bodies: bytes, endpoint: str = "/v1/completions") -> list[Answer]:
    async def ask_all() -> list[Answer]:
        await engine.load("m", "m")
        return await asyncio.gather(*(engine.answer(endpoint, body) for body in bodies))

    return asyncio.run(ask_all())


def test_the_same_body_gets_the_same_answer_and_another_body_another() -> None:
    first, second, other = ask(StubEngine({}), body(), body(), body("Bye"))
    assert first == second
    assert first.body != other.body


def test_an_answer_quotes_its_prompt() -> None:
    (answer,) = ask(StubEngine({}), body('A "quoted" line\nand émoji 😀'))
    assert json.loads(answer.body)["choices"][0]["text"].endswith('to: A "quoted" line\nand émoji 😀')


def test_the_error_rate_is_met_and_each_body_keeps_its_fate() -> None:
    bodies = [body(str(number)) for number in range(2000)]
    answers = ask(StubEngine({"error_rate": "0.25", "error_status": "500"}), *bodies)
    again = ask(StubEngine({"error_rate": "0.25", "error_status": "500"}), *bodies)
    failed = [answer.status_code == 500 for answer in answers]
    assert failed == [answer.status_code == 500 for answer in again]
    assert 0.2 < sum(failed) / len(failed) < 0.3


def test_errors_are_lasting_ones_unless_told_otherwise() -> None:
    (answer,) = ask(StubEngine({"error_rate": "1"}), body())
    assert answer.status_code == 400


def test_a_crashed_engine_answers_nothing_until_it_is_loaded_again() -> None:
    async def crash_and_load() -> Answer:
        engine = StubEngine({"crash_on": "BOOM"})
        await engine.load("m", "m")
        for prompt in ("BOOM", "Hello"):
            with pytest.raises(EngineError):
                await engine.answer("/v1/completions", body(prompt))
        await engine.load("m", "m")
        return await engine.answer("/v1/completions", body())

    assert asyncio.run(crash_and_load()).status_code == 200


def test_a_hard_crash_kills_the_process() -> None:
    script = (
        "import asyncio; from inference.engines.stub import StubEngine\n"
        "async def main():\n"
        "    engine = StubEngine({'crash_on': 'BOOM', 'crash_hard': '1'}); await engine.load('m', 'm')\n"
        "    await engine.answer('/v1/completions', b'BOOM')\n"
        "asyncio.run(main())"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9


def test_a_hanging_request_can_be_cancelled() -> None:
    async def hang() -> None:
        engine = StubEngine({"hang_on": "WAIT"})
        await engine.load("m", "m")
        await asyncio.wait_for(engine.answer("/v1/completions", body("WAIT")), timeout=0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(hang())


def test_latency_and_concurrency_bound_the_throughput() -> None:
    started = time.monotonic()
    ask(StubEngine({"latency_ms": "40", "concurrency": "2"}), *[body(str(number)) for number in range(6)])
    assert time.monotonic() - started >= 0.12


def test_an_answer_takes_as_long_as_the_tokens_that_are_asked_for() -> None:
    async def take_turns() -> list[int]:
        engine = StubEngine({"ms_per_token": "10", "concurrency": "9"})
        await engine.load("m", "m")
        ended: list[int] = []

        async def answer(number: int, asked: bytes) -> None:
            await engine.answer("/v1/completions", asked)
            ended.append(number)

        bodies = [body(max_tokens=30), body(max_tokens=3), body(), body(max_tokens="ten"), b"[]", b"{"]
        await asyncio.gather(*(answer(number, asked) for number, asked in enumerate(bodies)))
        return ended

    began = time.monotonic()
    ended = asyncio.run(take_turns())
    assert time.monotonic() - began > 0.3
    assert ended[-2:] == [1, 0]


@pytest.mark.parametrize(("wanted", "vectors"), [("one", 1), (["one", "two"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2)])
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_have_one_vector_per_input(wanted: Any, vectors: int, encoding: str) -> None:
    request = json.dumps({"model": "m", "input": wanted, "encoding_format": encoding}).encode()
    (answer,) = ask(StubEngine({}), request, endpoint="/v1/embeddings")
    data = json.loads(answer.body)["data"]
    assert [entry["index"] for entry in data] == list(range(vectors))
    assert {type(entry["embedding"]) for entry in data} == {str if encoding == "base64" else list}
    assert encoding == "base64" or CreateEmbeddingResponse.model_validate_json(answer.body)


@pytest.mark.parametrize(
    ("endpoint", "param"),
    [
        ("/v1/chat/completions", "messages"),
        ("/v1/completions", "prompt"),
        ("/v1/embeddings", "input"),
        ("/v1/responses", "input"),
    ],
)
@pytest.mark.parametrize("value", [None, "", [], 3, {}])
def test_a_body_without_its_prompt_is_refused(endpoint: str, param: str, value: Any) -> None:
    (answer,) = ask(StubEngine({}), json.dumps({"model": "m", param: value}).encode(), endpoint=endpoint)
    assert answer.status_code == 400
    assert json.loads(answer.body)["error"]["param"] == param


@pytest.mark.parametrize("args", [{"latency": "1"}, {"latency_ms": "slow"}, {"crash_hard": "perhaps"}])
def test_an_argument_that_does_not_fit_is_named(args: dict[str, str]) -> None:
    with pytest.raises(SettingInvalid, match=next(iter(args))):
        StubEngine(args)
