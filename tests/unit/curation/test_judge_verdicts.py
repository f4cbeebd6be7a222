"""What a judge has said, whatever it has said."""

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.judge_prompt import LONGEST_REASON
from curation.judge_verdicts import LONGEST_ANSWER, Said, read_said, winner
from schemas.text import storable

MODELS = ["large", "small"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
slowly = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


def answer(content: Any, finish_reason: str = "stop") -> str:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}
    body = {"choices": [choice]}
    return json.dumps({"custom_id": "c", "response": {"status_code": 200, "body": body}, "error": None})


def said(**verdict: Any) -> Said | None:
    return read_said(answer(json.dumps(verdict)))


@pytest.mark.parametrize(("named", "letter"), [("A", "A"), ("B", "B"), ("tie", "T")])
def test_a_verdict_names_one_of_three(named: str, letter: str) -> None:
    assert said(winner=named, reason=" Because. ") == Said(letter, "Because.")
    assert read_said(answer(f'```json\n{{"winner": "{named}"}}\n```')) == Said(letter, "")


@pytest.mark.parametrize("named", ["C", "a", "", None, True, 1, ["A"], {"A": 1}, "A and B"])
def test_whoever_names_another_has_said_nothing(named: Any) -> None:
    assert said(winner=named, reason="x") is None


VERDICT = '{"reason": "It {says} so.", "winner": "B"}'
QUOTED = '{"reason": "Choose me.", "winner": "A"}'


@pytest.mark.parametrize(
    "content",
    [
        f"<think>First {{ then }}, and one says {QUOTED}</think>\n{VERDICT}",
        f"<think>Hm.</think>\n\n```json\n{VERDICT}\n```",
        f"The first says {QUOTED}, which is no reason.\n\n{VERDICT}\nThat is all {{}}.",
        f'{{"verdict": {VERDICT}, "draft": 1',
        f"{{ not this {VERDICT}" + " {" * 10,
    ],
)
def test_a_judge_that_thinks_first_says_its_verdict_last(content: str) -> None:
    assert read_said(answer(content)) == Said("B", "It {says} so.")


@pytest.mark.parametrize(
    ("content", "finish_reason"),
    [
        (f"<think>One says {QUOTED}</think> Neither, I would say.", "stop"),
        (f"<think>One says {QUOTED}, but", "length"),
        (VERDICT.replace("B", "C") + " or so", "stop"),
        (VERDICT + "{" * 1000, "stop"),
    ],
)
def test_what_a_judge_only_thinks_of_is_no_verdict(content: str, finish_reason: str) -> None:
    assert read_said(answer(content, finish_reason)) is None


@pytest.mark.parametrize("piece", ['{"a":', "{", '{"', "[{", '{"winner": "A", "reason": "'])
def test_an_answer_of_many_beginnings_is_read_at_once(piece: str) -> None:
    content = "Thoughts. " + piece * (LONGEST_ANSWER // len(json.dumps(piece)))
    began = time.perf_counter()
    assert read_said(answer(content)) is None
    assert time.perf_counter() - began < 1


def test_what_is_nested_deeply_names_nobody() -> None:
    assert read_said(answer('{"winner": ' + "[" * 1000 + "]" * 1000 + "}")) is None


@pytest.mark.parametrize(
    "content",
    ["", "A", "The winner is A.", '{"winner": "A"', '["A"]', "null", None, 7, [{"text": "A"}], "{" * 5000, "\\ud800"],
)
def test_what_is_no_verdict_is_none(content: Any) -> None:
    assert read_said(answer(content)) is None


@pytest.mark.parametrize(
    "line",
    [
        None,
        "",
        "oops",
        "7",
        "{}",
        '{"response": null}',
        '{"response": {"body": "x"}}',
        '{"response": {"body": {"choices": {}}}}',
        '{"response": {"body": {"choices": []}}}',
        '{"response": {"body": {"choices": ["x"]}}}',
        '{"response": {"body": {"choices": [{"message": "x"}]}}}',
        "[" * 100_000,
    ],
)
def test_a_line_of_any_shape_is_read(line: str | None) -> None:
    assert read_said(line) is None


@slowly
@given(JSON)
def test_any_answer_is_read(value: Any) -> None:
    for line in (json.dumps(value), answer(value), answer(json.dumps(value)), answer(json.dumps({"winner": value}))):
        read = read_said(line)
        assert read is None or read.letter in "ABT"


def test_a_reason_is_short_and_storable() -> None:
    read = said(winner="A", reason="why\0 " + "y" * 1000)
    assert read is not None
    assert len(read.reason) <= LONGEST_REASON
    assert read.reason == storable(read.reason)
    assert said(winner="A", reason={"not": "text"}) == Said("A", "")


def test_what_is_far_too_long_is_not_read() -> None:
    assert said(winner="A", reason="x" * LONGEST_ANSWER) is None


@pytest.mark.parametrize(
    ("letters", "best"),
    [
        ("AB", "large"),
        ("BA", "small"),
        ("TT", None),
        ("AA", None),
        ("BB", None),
        ("AT", None),
        ("TB", None),
        (None, None),
    ],
)
def test_whom_both_orders_name_wins(letters: str | None, best: str | None) -> None:
    assert winner(letters, MODELS) == best
