import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.wording import DEEPEST, MOST_FIELDS, asked_of, fields_of
from schemas.text import storable

NAMES = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
# The first text of a run has tables of letters made.
slowly = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@pytest.mark.parametrize(
    ("request_body", "asked"),
    [
        ({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]}, "Who?"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}]}, "a"),
        ({"prompt": "Once upon"}, "Once upon"),
        ({"input": "Who?", "instructions": "Be brief."}, "Who?"),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "Who?"}]}]}, "Who?"),
        ({"messages": []}, ""),
        ({"messages": [None]}, ""),
        ({"prompt": [1, 2, 3]}, ""),
        ({}, ""),
    ],
)
def test_what_was_asked_is_the_last_thing_that_was_said(request_body: dict[str, Any], asked: str) -> None:
    assert asked_of(request_body) == asked


@slowly
@given(st.dictionaries(st.sampled_from(["messages", "prompt", "input", "instructions"]), JSON))
def test_a_request_of_any_shape_has_something_storable_that_was_asked(request_body: dict[str, Any]) -> None:
    asked = asked_of(request_body)
    assert asked == storable(asked)


VERDICT = '{"verdict": {"score": 7, "hire": true}, "why": "x"}'


@pytest.mark.parametrize(
    "output", [VERDICT, f"```json\n{VERDICT}\n```", f"\n```\n{VERDICT}\n```\n", f"```JSON \n{VERDICT} ```"]
)
def test_fields_are_the_values_of_a_json_answer_by_their_paths(output: str) -> None:
    assert fields_of(output) == {"verdict.score": 7, "verdict.hire": True, "why": "x"}


@pytest.mark.parametrize("output", ["", "Hire.", "7", '["a"]', "{", "null", '{"a": NaN}'])
def test_an_answer_that_is_no_json_object_has_no_fields(output: str) -> None:
    assert fields_of(output) == {}


def test_a_block_that_never_ends_is_read_once() -> None:
    """A model that has run away; an expression that tries all ways to cut it up would take hours."""
    assert fields_of("```json" + "\n" * 1_000_000) == {}


@slowly
@given(JSON)
def test_fields_are_few_and_storable_whatever_a_model_says(value: Any) -> None:
    fields = fields_of(json.dumps(value))
    assert len(fields) <= MOST_FIELDS
    assert all(storable(name) == name for name in fields)
    assert all(isinstance(found, str | int | float | bool | None) for found in fields.values())


def test_what_lies_deep_is_left_out() -> None:
    nested: dict[str, Any] = {"value": 1}
    for _ in range(DEEPEST):
        nested = {"in": nested}
    assert fields_of(json.dumps(nested | {"top": 2})) == {"top": 2}


@pytest.mark.timeout(20)
def test_a_block_of_code_that_never_ends_is_read_at_once() -> None:
    assert fields_of("```" + "\n" * 100_000 + "x") == {}
