"""Where JSON is asked for, the stub engine answers with JSON of that form."""

from typing import Any

import orjson
import pytest

from curation.judge_prompt import SCHEMA as VERDICT
from curation.task_schemas.built_in import built_in
from curation.task_schemas.json_schema import first_error, validator_of
from inference.engines.stub_bodies import body_for
from inference.engines.stub_values import value_of

TASKS = {name: orjson.loads(max(versions.items())[1])["output"] for name, versions in built_in().items()}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_answers_have_the_form_that_a_task_asks_for(name: str) -> None:
    validator = validator_of(TASKS[name])
    for number in range(50):
        assert first_error(validator, value_of(TASKS[name], "a text", bytes([number]))) is None


def test_the_fingerprint_decides() -> None:
    winners = [value_of(VERDICT, "a text", bytes([number]))["winner"] for number in range(100)]
    assert winners == [value_of(VERDICT, "a text", bytes([number]))["winner"] for number in range(100)]
    assert set(winners) == {"A", "B", "tie"}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "minLength": 8}, "a text.."),
        ({"type": "string", "maxLength": 3}, "a t"),
        ({"type": "array", "minItems": 3, "items": {"const": 1}}, [1, 1, 1]),
        ({"type": "array", "maxItems": 1, "items": {"type": "null"}}, [None]),
        ({"type": ["integer", "null"], "minimum": 7, "maximum": 7}, 7),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"const": 2}}}, {"a": 2}),
    ],
)
def test_bounds_are_kept(schema: dict[str, Any], value: object) -> None:
    assert value_of(schema, "a text", b"x") == value


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/nowhere/at/all"},
        {"type": "array", "minItems": 1e12, "items": {"$ref": "#"}},
        {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}},
        {"type": "object", "properties": [1]},
        {"type": "integer", "minimum": "a", "maximum": 1e300},
        {"type": "number", "minimum": 5, "maximum": 1},
        {"type": "string", "minLength": 1e14, "maxLength": -1},
        {"type": {"a": 1}, "enum": []},
    ],
)
def test_whatever_a_schema_says_an_answer_stays_small(schema: dict[str, Any]) -> None:
    assert len(orjson.dumps(value_of(schema, "a text", b"x"))) < 20_000


@pytest.mark.parametrize(
    ("endpoint", "request_"),
    [
        (
            "/v1/chat/completions",
            {
                "messages": [{"role": "user", "content": "Who?"}],
                "response_format": {"type": "json_schema", "json_schema": {"name": "verdict", "schema": VERDICT}},
            },
        ),
        (
            "/v1/responses",
            {"input": "Who?", "text": {"format": {"type": "json_schema", "name": "verdict", "schema": VERDICT}}},
        ),
    ],
)
def test_chats_and_responses_ask_for_it(endpoint: str, request_: dict[str, Any]) -> None:
    answer = orjson.loads(body_for(endpoint, request_ | {"model": "m"}, b"x" * 8, 1).body)
    text = (
        answer["choices"][0]["message"]["content"] if "choices" in answer else answer["output"][0]["content"][0]["text"]
    )
    verdict = orjson.loads(text)
    assert (set(verdict), "Who?" in verdict["reason"]) == ({"reason", "winner"}, True)
