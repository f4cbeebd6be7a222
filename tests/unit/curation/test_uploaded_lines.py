"""What a line of an uploaded file says."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.arrivals import Arrival
from curation.uploaded_lines import arrival_of
from inference.request_lines import LineInvalid

ASKED = [{"role": "user", "content": "Hire?"}]
SAID = {"role": "assistant", "content": "Yes."}
CHAT = "/v1/chat/completions"


def read(**record: Any) -> Arrival:
    return arrival_of(record, 7)


@pytest.mark.parametrize(
    ("record", "endpoint", "request_", "answer"),
    [
        ({"messages": ASKED}, CHAT, {"messages": ASKED}, None),
        ({"messages": [*ASKED, SAID]}, CHAT, {"messages": ASKED}, "Yes."),
        ({"messages": ASKED, "tools": [1]}, CHAT, {"messages": ASKED, "tools": [1]}, None),
        ({"prompt": "Hire?", "completion": "Yes."}, CHAT, {"messages": ASKED}, "Yes."),
        ({"prompt": ASKED, "completion": [SAID]}, CHAT, {"messages": ASKED}, "Yes."),
        ({"input": "Hire?", "output": ""}, CHAT, {"messages": ASKED}, None),
        ({"body": {"messages": [*ASKED, SAID], "seed": 1}}, CHAT, {"messages": [*ASKED, SAID], "seed": 1}, None),
        ({"url": "/v1/completions", "body": {"prompt": "Hire?"}}, "/v1/completions", {"prompt": "Hire?"}, None),
        ({"body": {"input": "Hire?"}}, "/v1/responses", {"input": "Hire?"}, None),
    ],
)
def test_every_form_is_something_to_ask_and_perhaps_its_answer(
    record: dict[str, Any], endpoint: str, request_: dict[str, Any], answer: str | None
) -> None:
    found = read(**record)
    assert (found.endpoint, json.loads(found.request), found.output) == (endpoint, request_, answer)
    assert (found.custom_id, found.line, found.details, found.model) == ("line-7", 7, "{}", "file")
    assert found.asked in ("Hire?", "Yes.")


def test_an_answer_that_calls_tools_is_kept_as_json() -> None:
    last = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}
    assert read(messages=[*ASKED, last]).output == '{"tool_calls":[{"function":{"name":"f"}}]}'


def test_what_else_a_line_says_is_kept_in_a_form_that_can_be_stored() -> None:
    found = read(prompt="x", custom_id=5, city="Oslo\0", tags=["a\0", 1], metadata={"n": 1, "ok": True}, none=None)
    assert found.custom_id == "5"
    details = json.loads(found.details)
    assert details == {"city": "Oslo\ufffd", "tags": '["a\\u0000",1]', "n": 1, "ok": True, "none": None}
    many = json.loads(read(prompt="x", **{f"n{n}": "y" * 20_000 for n in range(60)}).details)
    assert (len(many), len(many["n0"])) == (50, 10_000)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({}, "unknown_line"),
        ({"question": "Hire?"}, "unknown_line"),
        ({"messages": []}, "invalid_type"),
        ({"messages": "Hire?"}, "invalid_type"),
        ({"messages": [SAID]}, "nothing_asked"),
        ({"prompt": ""}, "nothing_asked"),
        ({"prompt": 5}, "nothing_asked"),
        ({"prompt": "x", "completion": 5}, "invalid_type"),
        ({"body": []}, "missing_required_parameter"),
        ({"body": {}}, "missing_required_parameter"),
        ({"body": {"messages": [1]}}, "invalid_type"),
        ({"body": {"input": "x"}, "url": "/v1/embeddings"}, "invalid_url"),
        ({"prompt": "x", "custom_id": ["x"]}, "invalid_custom_id"),
        ({"messages": [{"role": "user", "content": orjson.loads("[" * 200 + "]" * 200)}]}, "nested_too_deeply"),
    ],
)
def test_a_line_that_is_no_use_says_why(record: dict[str, Any], code: str) -> None:
    with pytest.raises(LineInvalid) as invalid:
        arrival_of(record, 1)
    assert invalid.value.code == code
    assert invalid.value.message.endswith(".")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["body", "messages", "prompt", "input", "output", "completion", "custom_id", "url", "metadata"])


@given(st.dictionaries(names | st.text(max_size=3), json_values, max_size=5))
def test_any_line_is_taken_or_refused_for_a_reason(record: dict[str, Any]) -> None:
    try:
        record = orjson.loads(orjson.dumps(record))
    except orjson.JSONEncodeError:
        return
    try:
        found = arrival_of(record, 1)
    except LineInvalid:
        return
    assert "\0" not in found.custom_id + found.request + found.asked + (found.output or "")
    assert "\0" not in str(list(json.loads(found.details).values()))
