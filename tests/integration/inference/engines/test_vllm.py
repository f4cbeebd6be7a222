"""What vLLM's answers must keep of vLLM, and what its process must not keep."""

import asyncio
import json
import multiprocessing
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion

from cli.processes import wait_until
from inference.engines.base import create_engine
from schemas.errors import EngineError, EngineTooLarge, SettingInvalid
from tests.engines import EngineThread
from tests.integration.inference.engines.conftest import VLLM_ARGS
from tests.models import tiny_llama

# A process that was told to end takes a moment to be gone.
ENDED_SECONDS = 10
# In the middle of a load.
LOAD_CUT_OFF_SECONDS = 6
FRANCE = [{"role": "user", "content": "What is the capital of France?"}]
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}, "population": {"type": "integer", "maximum": 99999999}},
    "required": ["city", "population"],
    "additionalProperties": False,
}
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def chat(engine: EngineThread, **body: Any) -> ChatCompletion:
    defaults = {"messages": FRANCE, "temperature": 0, "max_tokens": 24}
    answer = engine.ask("/v1/chat/completions", **(defaults | body))
    assert answer.status_code == 200, answer.body
    return ChatCompletion.model_validate_json(answer.body)


def test_the_demo_model_knows_the_capital_of_france(vllm_engine: EngineThread) -> None:
    assert chat(vllm_engine).choices[0].message.content == "The capital of France is Paris."


def test_a_json_schema_shapes_the_answer(vllm_engine: EngineThread) -> None:
    response_format = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY, "strict": True}}
    completion = chat(vllm_engine, response_format=response_format, max_tokens=80)
    assert json.loads(completion.choices[0].message.content or "").keys() == {"city", "population"}


def test_logprobs_come_with_each_token(vllm_engine: EngineThread) -> None:
    completion = chat(vllm_engine, logprobs=True, top_logprobs=2)
    logprobs = completion.choices[0].logprobs
    assert logprobs is not None
    assert completion.usage is not None
    assert len(logprobs.content or []) == completion.usage.completion_tokens
    assert all(len(token.top_logprobs) == 2 for token in logprobs.content or [])


def test_n_gives_that_many_choices(vllm_engine: EngineThread) -> None:
    assert [choice.index for choice in chat(vllm_engine, n=3, temperature=1, seed=1).choices] == [0, 1, 2]


def test_a_seed_makes_sampling_repeatable(vllm_engine: EngineThread) -> None:
    texts = {chat(vllm_engine, temperature=1.5, seed=seed).choices[0].message.content for seed in (7, 7, 8)}
    assert len(texts) == 2


def test_stop_ends_the_text_before_the_word(vllm_engine: EngineThread) -> None:
    choice = chat(vllm_engine, stop=[" France"]).choices[0]
    assert choice.message.content == "The capital of"
    assert choice.finish_reason == "stop"


def test_tools_are_offered_to_the_model_and_can_be_forced(vllm_engine: EngineThread) -> None:
    forced = {"type": "function", "function": {"name": "weather"}}
    completion = chat(vllm_engine, tools=[WEATHER_TOOL], tool_choice=forced, max_tokens=64)
    calls = completion.choices[0].message.tool_calls
    assert calls is not None
    assert [call.function.name for call in calls if call.type == "function"] == ["weather"]
    assert chat(vllm_engine, tools=[WEATHER_TOOL], tool_choice="auto").choices[0].message.role == "assistant"


def test_cached_tokens_of_a_shared_prefix_are_counted(vllm_engine: EngineThread) -> None:
    body = {"prompt": "The same words again. " * 60, "max_tokens": 1}
    vllm_engine.ask("/v1/completions", **body)
    assert vllm_engine.ask("/v1/completions", **body).usage.cached_tokens >= 128


def test_a_wrong_type_is_refused_with_the_name_of_the_field(vllm_engine: EngineThread) -> None:
    answer = vllm_engine.ask("/v1/chat/completions", messages=FRANCE, temperature="warm")
    error = json.loads(answer.body)["error"]
    assert (answer.status_code, error["param"]) == (400, "body.temperature")


def test_a_generating_model_gives_no_embeddings(vllm_engine: EngineThread) -> None:
    answer = vllm_engine.ask("/v1/embeddings", input="Hello")
    assert answer.status_code == 404
    assert "/v1/embeddings" in json.loads(answer.body)["error"]["message"]


def test_cancelling_aborts_the_request_at_the_engine(vllm_engine: EngineThread) -> None:
    async def unfinished_after_cancel() -> tuple[int, int]:
        # Not imported as a class: vLLM takes seconds to import, and collecting tests should not.
        engine: Any = vllm_engine.engine
        body = json.dumps({"model": vllm_engine.model, "prompt": "Once", "max_tokens": 900, "ignore_eos": True})
        request = asyncio.ensure_future(engine.answer("/v1/completions", body.encode()))
        await asyncio.sleep(1)
        running = engine.unfinished_requests
        request.cancel()
        await asyncio.wait({request})
        return running, engine.unfinished_requests

    assert vllm_engine.run(unfinished_after_cancel()) == (1, 0)


def test_an_unknown_engine_argument_is_named_with_those_like_it(worker_environment: None) -> None:
    with pytest.raises(SettingInvalid, match=r"max_modl_len='512'.* the nearest are max_model_len"):
        create_engine("vllm", {"max_modl_len": "512"})


def test_an_engine_argument_may_name_a_part_of_one(worker_environment: None) -> None:
    create_engine("vllm", {"compilation_config.mode": "0"})


def test_an_engine_argument_of_the_wrong_type_is_named(worker_environment: None) -> None:
    with pytest.raises(SettingInvalid, match="max-model-len"):
        create_engine("vllm", {"max_model_len": "long"})


def test_a_chat_template_that_is_none_is_a_clear_error_and_leaves_no_process(worker_environment: None) -> None:
    before = engine_processes()
    engine = create_engine("vllm", {**VLLM_ARGS, "chat_template": "/no/such/template.jinja"})
    thread = EngineThread(engine, "tiny", str(tiny_llama()))
    with pytest.raises(EngineError, match="can't serve it"):
        thread.load()
    assert engine_processes() == before
    thread.stop()


def test_a_source_that_is_no_model_is_a_clear_error(worker_environment: None, tmp_path: Path) -> None:
    thread = EngineThread(create_engine("vllm", VLLM_ARGS), "nothing", str(tmp_path))
    with pytest.raises(EngineError, match="could not load"):
        thread.load()
    thread.stop()


def test_a_model_larger_than_the_memory_is_refused_before_it_is_loaded(
    worker_environment: None, tmp_path: Path
) -> None:
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2**24, 2**18], "data_offsets": [0, 0]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    thread = EngineThread(create_engine("vllm", VLLM_ARGS), "huge", str(tmp_path))
    with pytest.raises(EngineTooLarge, match="needs about"):
        thread.load()
    thread.stop()


def test_a_pooling_model_embeds_is_unloaded_without_a_trace_loads_again_hangs_visibly_and_dies_aloud(
    worker_environment: None,
) -> None:
    """One test, because each load takes twenty seconds; the first one is cut off."""
    before = engine_processes()
    engine = create_engine("vllm", {**VLLM_ARGS, "runner": "pooling", "convert": "embed"})
    thread = EngineThread(engine, "tiny", str(tiny_llama()))
    with pytest.raises(TimeoutError):
        thread.run(asyncio.wait_for(engine.load("tiny", str(tiny_llama())), LOAD_CUT_OFF_SECONDS))
    assert wait_until(lambda: engine_processes() == before, ENDED_SECONDS)

    loaded = thread.load()
    assert (loaded.device, loaded.max_tokens) == ("cpu", 1024)
    assert loaded.concurrency > 1

    answer = thread.ask("/v1/embeddings", input=["one text", "another text"])
    embeddings = CreateEmbeddingResponse.model_validate_json(answer.body)
    assert [len(entry.embedding) for entry in embeddings.data] == [256, 256]
    assert answer.usage.input_tokens == embeddings.usage.prompt_tokens > 0
    assert thread.ask("/v1/chat/completions", messages=FRANCE).status_code == 404

    thread.run(engine.unload())
    assert wait_until(lambda: engine_processes() == before, ENDED_SECONDS)
    with pytest.raises(EngineError, match="unloaded"):
        thread.ask("/v1/embeddings", input="one text")

    thread.load()
    again = CreateEmbeddingResponse.model_validate_json(thread.ask("/v1/embeddings", input="one text").body)
    assert again.data[0].embedding == pytest.approx(embeddings.data[0].embedding, abs=1e-5)

    frozen, pulse = engine_processes() - before, engine.pulse
    for process in frozen:
        process.suspend()
    with pytest.raises(TimeoutError):
        thread.run(asyncio.wait_for(engine.answer("/v1/embeddings", b'{"model": "tiny", "input": "text"}'), 2))
    assert engine.pulse == pulse
    for process in frozen:
        process.resume()
    thread.ask("/v1/embeddings", input="one text")
    assert engine.pulse != pulse

    for process in engine_processes() - before:
        process.send_signal(signal.SIGKILL)
    with pytest.raises(EngineError, match="died"):
        thread.ask("/v1/embeddings", input="one text")
    thread.stop()


def engine_processes() -> set[psutil.Process]:
    """The engine cores of this process and their workers."""
    found: set[psutil.Process] = set()
    for child in multiprocessing.active_children():
        # It may end while it is looked at.
        with suppress(psutil.NoSuchProcess):
            core = psutil.Process(child.pid)
            found |= {core, *core.children(recursive=True)}
    return found
