"""What holds for every engine, whoever made it."""

import asyncio
import json
import time

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from inference.engines.base import Answer
from schemas.errors import EngineError
from tests.engines import EngineThread

CHAT = {"messages": [{"role": "user", "content": "What is the capital of France?"}], "temperature": 0, "max_tokens": 16}


@pytest.fixture(params=["stub", "openai", "vllm"])
def engine(request: pytest.FixtureRequest) -> EngineThread:
    engine: EngineThread = request.getfixturevalue(f"{request.param}_engine")
    return engine


def error_of(answer: Answer) -> dict[str, object]:
    error = json.loads(answer.body)["error"]
    assert isinstance(error["message"], str)
    assert error["message"]
    assert {"type", "param", "code"} <= error.keys()
    return dict(error)


class TestEveryEngine:
    def test_a_chat_answer_is_a_chat_completion_with_its_usage(self, engine: EngineThread) -> None:
        answer = engine.ask("/v1/chat/completions", **CHAT)
        completion = ChatCompletion.model_validate_json(answer.body)
        assert answer.status_code == 200
        assert completion.choices[0].message.content
        assert completion.usage is not None
        assert answer.usage.input_tokens == completion.usage.prompt_tokens > 0
        assert answer.usage.output_tokens == completion.usage.completion_tokens > 0

    def test_a_completion_answer_is_a_completion_with_its_usage(self, engine: EngineThread) -> None:
        answer = engine.ask("/v1/completions", prompt="The capital of France is", max_tokens=4, temperature=0)
        completion = Completion.model_validate_json(answer.body)
        assert completion.choices[0].text
        assert completion.usage is not None
        assert answer.usage.input_tokens == completion.usage.prompt_tokens > 0
        assert answer.usage.output_tokens == completion.usage.completion_tokens > 0

    def test_a_response_answer_is_a_response_with_its_usage(self, engine: EngineThread) -> None:
        answer = engine.ask("/v1/responses", input="What is the capital of France?", max_output_tokens=16)
        response = Response.model_validate_json(answer.body)
        assert response.output_text
        assert response.usage is not None
        assert answer.usage.input_tokens == response.usage.input_tokens > 0
        assert answer.usage.output_tokens == response.usage.output_tokens > 0

    def test_the_same_deterministic_request_gets_the_same_text(self, engine: EngineThread) -> None:
        texts = [json.loads(engine.ask("/v1/chat/completions", **CHAT).body)["choices"][0] for _ in range(2)]
        assert texts[0] == texts[1]

    @pytest.mark.parametrize("endpoint", ["/v1/chat/completions", "/v1/completions", "/v1/responses"])
    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe"])
    def test_a_body_that_is_no_json_object_is_refused(self, engine: EngineThread, endpoint: str, body: bytes) -> None:
        answer = engine.ask_raw(endpoint, body)
        assert 400 <= answer.status_code < 500
        error_of(answer)

    def test_a_chat_without_messages_is_refused(self, engine: EngineThread) -> None:
        answer = engine.ask("/v1/chat/completions")
        assert 400 <= answer.status_code < 500
        assert "messages" in str(error_of(answer))

    def test_another_model_is_not_found(self, engine: EngineThread) -> None:
        answer = engine.ask("/v1/chat/completions", **CHAT, model="somebody-else")
        assert answer.status_code == 404
        assert "somebody-else" in str(error_of(answer)["message"])

    def test_an_endpoint_that_does_not_exist_is_not_found(self, engine: EngineThread) -> None:
        answer = engine.ask("/v1/images/generations", prompt="a cat")
        assert answer.status_code == 404
        error_of(answer)

    @pytest.mark.parametrize("param", ["stream", "background"])
    def test_what_has_no_final_body_is_refused(self, engine: EngineThread, param: str) -> None:
        answer = engine.ask("/v1/responses", input="Hello", **{param: True})
        assert answer.status_code == 400
        assert error_of(answer)["param"] == param

    def test_a_prompt_over_the_context_length_is_refused(self, engine: EngineThread) -> None:
        answer = engine.ask("/v1/completions", prompt="word " * 3000, max_tokens=1)
        assert answer.status_code == 400
        assert "tokens" in str(error_of(answer)["message"])

    def test_many_requests_at_once_each_get_their_own_answer(self, engine: EngineThread) -> None:
        async def ask_all() -> list[Answer]:
            bodies = ({"model": engine.model, "prompt": f"{number} is", "max_tokens": 1} for number in range(20))
            return await asyncio.gather(
                *(engine.engine.answer("/v1/completions", json.dumps(body).encode()) for body in bodies)
            )

        answers = [Completion.model_validate_json(answer.body) for answer in engine.run(ask_all())]
        assert len({answer.id for answer in answers}) == 20

    def test_a_cancelled_request_ends_at_once_and_harms_no_other(self, engine: EngineThread) -> None:
        async def start_and_cancel() -> None:
            body = {"model": engine.model, "prompt": "Once upon a time", "max_tokens": 1000, "ignore_eos": True}
            request = asyncio.ensure_future(engine.engine.answer("/v1/completions", json.dumps(body).encode()))
            await asyncio.sleep(0.5)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request

        started = time.monotonic()
        engine.run(start_and_cancel())
        assert time.monotonic() - started < 5
        assert engine.ask("/v1/chat/completions", **CHAT).status_code == 200


@pytest.mark.parametrize("engine_fixture", ["stub_engine", "openai_engine"])
def test_an_unloaded_engine_refuses_to_answer_until_it_is_loaded_again(
    engine_fixture: str, request: pytest.FixtureRequest
) -> None:
    engine: EngineThread = request.getfixturevalue(engine_fixture)
    engine.run(engine.engine.unload())
    with pytest.raises(EngineError):
        engine.ask("/v1/chat/completions", **CHAT)
    engine.load()
    assert engine.ask("/v1/chat/completions", **CHAT).status_code == 200
