"""What each built-in rule says of an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation import scorers
from plugins.scoring import Answer
from schemas.errors import RequestInvalid

SCHEMA = {"type": "object", "properties": {"fit": {"type": "boolean"}}, "required": ["fit"]}
ASKS_FOR_SCHEMA = {"response_format": {"type": "json_schema", "json_schema": {"name": "fit", "schema": SCHEMA}}}


def value(scorer: str, output: str, request: dict[str, Any] | None = None, **more: Any) -> float | None:
    score = scorers.get(scorer).score(Answer(request or {}, output, **more))
    return None if score is None else score.value


@pytest.mark.parametrize(
    ("output", "request_body", "expected"),
    [
        ('{"fit": true}', ASKS_FOR_SCHEMA, 1.0),
        ('```json\n{"fit": true}\n```', ASKS_FOR_SCHEMA, 1.0),
        ('{"fit": "yes"}', ASKS_FOR_SCHEMA, 0.0),
        ("{}", ASKS_FOR_SCHEMA, 0.0),
        ("A good fit.", ASKS_FOR_SCHEMA, 0.0),
        ("[1]", {"response_format": {"type": "json_object"}}, 0.0),
        ("{}", {"response_format": {"type": "json_object"}}, 1.0),
        ("A good fit.", {}, None),
        ("A good fit.", {"response_format": {"type": "text"}}, None),
        ("A good fit.", {"response_format": "json"}, None),
    ],
)
def test_the_form_is_the_one_that_was_asked_for(
    output: str, request_body: dict[str, Any], expected: float | None
) -> None:
    assert value("format", output, request_body) == expected


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#"},
        {"$ref": "#/nowhere"},
        {"$ref": "http://["},
        {"$dynamicRef": "http://["},
        {"type": "no such type"},
        {"properties": 7},
        {"description": "x" * 100_000},
        # Two to the power of forty ways to the same end.
        {
            "$ref": "#/$defs/0",
            "$defs": {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)} | {"40": {}},
        },
        # As many ways to find out which names nobody has looked at.
        {
            "unevaluatedProperties": False,
            "$ref": "#/$defs/0",
            "$defs": {
                str(n): {"dependentSchemas": {name: {"$ref": f"#/$defs/{n + 1}"} for name in ("fit", "numbers")}}
                for n in range(40)
            }
            | {"40": {}},
        },
        # 200 rules for each of 1,000 numbers, and 4,000 values for each.
        {"properties": {"numbers": {"items": {"allOf": [{"minimum": 0}] * 200}}}},
        {"properties": {"numbers": {"items": {"enum": [*range(2, 4000), 1]}}}},
        # What fits none of them is repeated for each.
        {"anyOf": [{"type": "string"}] * 3400},
    ],
)
def test_a_schema_that_is_no_good_is_said_to_be_so_and_nothing_is_fetched(schema: dict[str, Any]) -> None:
    request = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    score = scorers.get("format").score(Answer(request, json.dumps({"fit": True, "numbers": [1] * 1000})))
    assert score is not None
    assert (score.value, score.reason.startswith("the schema can't be used")) == (0.0, True)


@pytest.mark.parametrize("deep", ["[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300])
def test_an_answer_that_is_nested_too_deeply_to_be_compared_has_no_score(deep: str) -> None:
    schema = {"properties": {"tags": {"uniqueItems": True}}}
    request = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    assert value("format", f'{{"tags": [1, {deep}]}}', request) is None


def test_long_answers_are_held_against_their_schema() -> None:
    one = {"name": {"type": "string"}, "years": {"type": "integer", "minimum": 0}, "skills": {"type": "array"}}
    schema = {"items": {"type": "object", "properties": one, "required": [*one], "additionalProperties": False}}
    request = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    people = [{"name": "Ada", "years": 3, "skills": ["a", "b"]}] * 2000
    assert value("format", json.dumps(people), request) == 1.0
    assert value("format", json.dumps([*people, {}]), request) == 0.0


@pytest.mark.parametrize(
    "schema",
    [
        {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
        {"patternProperties": {"^(a+)+$": {}}, "unevaluatedProperties": False},
        {"propertyNames": {"pattern": "^(a+)+$"}},
    ],
)
def test_no_expression_of_a_schema_is_run(schema: dict[str, Any]) -> None:
    request = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    assert value("format", json.dumps({"a" * 40 + "!": 1}), request) == 1.0


def test_items_may_be_wanted_once_each() -> None:
    schema = {"properties": {"tags": {"uniqueItems": True}}}
    request = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    assert value("format", '{"tags": [{"a": 1, "b": 2}, {"b": 1, "a": 2}]}', request) == 1.0
    assert value("format", '{"tags": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]}', request) == 0.0


@pytest.mark.timeout(20)
def test_a_regular_expression_that_takes_for_ever_is_not_tried() -> None:
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}, "patternProperties": {"^(a+)+$": {}}}
    request = {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}
    assert value("format", json.dumps({"a": "a" * 40 + "!", "a" * 40 + "!": 1}), request) == 1.0


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", 0.0),
        ("Yes", 1.0),
        ("This candidate has worked in hospitals for twelve years and knows the", 1.0),
        ("This candidate has worked in hospitals for twelve years and in that time she has", 0.0),
        ("This candidate has worked in hospitals for twelve years, and in that time she has led.", 1.0),
        ('{"verdict": "hire"}', 1.0),
        ('{"verdict": "hi', 0.0),
        ('{"verdict": hire}', 1.0),
    ],
)
def test_an_answer_that_was_cut_off_is_not_complete(output: str, expected: float) -> None:
    assert value("completeness", output) == expected


def test_what_is_said_again_and_again_counts_once() -> None:
    assert value("repetition", "one two three four five six") == 1.0
    assert value("repetition", "the same four words " * 20) == pytest.approx(4 / 77)
    assert value("repetition", "too short") is None


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("I'm sorry, but I can't help with that.", 0.0),
        ("I\u2019m sorry, I cannot evaluate people.", 0.0),
        ("As an AI language model, I have no opinion.", 0.0),
        ("Unfortunately, I am unable to answer.", 0.0),
        ("I cannot provide an evaluation.", 0.0),
        ("The candidate is sorry that she left; I can recommend her.", 1.0),
        ("x" * 400 + " I cannot help with that", 1.0),
    ],
)
def test_a_refusal_is_known_by_its_first_words(output: str, expected: float) -> None:
    assert value("refusal", output) == expected


def test_answers_are_as_long_as_answers_are() -> None:
    assert value("length", "") == 0.0
    assert value("length", "a strong hire") == 1.0
    assert value("length", "word " * 2000) == 0.5


def test_models_that_say_the_same_agree() -> None:
    assert value("agreement", "A strong hire", others=["a strong hire!", "a weak decline"]) == pytest.approx(
        (1 + 1 / 3) / 2
    )
    assert value("agreement", "A strong hire") is None
    assert value("reference", "A strong hire", reference="strong hire, a") == 1.0
    assert value("reference", "A strong hire") is None


@pytest.mark.parametrize("scorer", sorted(scorers.all_scorers()))
@given(st.text(max_size=300), st.lists(st.text(max_size=30), max_size=3))
def test_no_answer_is_too_strange_for_a_rule(scorer: str, output: str, others: list[str]) -> None:
    score = scorers.get(scorer).score(Answer(ASKS_FOR_SCHEMA, output, others, "reference"))
    assert score is None or 0 <= score.value <= 1


def test_an_unknown_rule_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(RequestInvalid, match="format, completeness"):
        scorers.get("taste")
