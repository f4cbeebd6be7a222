"""What tasks ask of an engine, asked of vLLM."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from curation.task_schemas.built_in import built_in
from curation.task_schemas.generation import Generator
from tests.engines import EngineThread

# So long that the grammar of an output has begun.
TOKENS = 8


def ask(engine: EngineThread, document: Mapping[str, Any], **beside: Any) -> dict[str, Any]:
    body = Generator.of(document, "any").request(1, document["sample"])["body"]
    answer = engine.ask("/v1/chat/completions", **({name: body[name] for name in body if name != "model"} | beside))
    assert answer.status_code == 200, answer.body
    found: dict[str, Any] = orjson.loads(answer.body)
    return found


@pytest.mark.parametrize("name", sorted(built_in()))
def test_vllm_takes_the_outputs_of_the_tasks_that_come_with_the_program(vllm_engine: EngineThread, name: str) -> None:
    answer = ask(vllm_engine, orjson.loads(built_in()[name][1]), max_tokens=TOKENS, temperature=0)
    assert answer["choices"][0]["message"]["content"].lstrip().startswith("{")


def test_an_answer_fits_the_output_of_its_task(vllm_engine: EngineThread) -> None:
    document = orjson.loads(built_in()["classification"][1])
    # A small model has much to say.
    document["output"]["properties"]["why"] = {"type": "string", "maxLength": 20}
    answer = ask(vllm_engine, document)
    Draft202012Validator(document["output"]).validate(orjson.loads(answer["choices"][0]["message"]["content"]))
