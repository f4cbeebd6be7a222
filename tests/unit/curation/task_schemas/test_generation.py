import tracemalloc
from typing import Any

import orjson
import pytest

from curation.task_schemas.built_in import built_in
from curation.task_schemas.columns import columns_of, rendered, shown
from curation.task_schemas.generation import Generator, response_format
from curation.task_schemas.previews import preview_of
from curation.task_schemas.rows import RowInvalid
from inference.request_lines import compact, parse_line
from tests.unit.curation.task_schemas.documents import TASK, task

MODEL = "org/model"
HOSTILE = '"}]}\n{{years}} \\{{ </View> \u0000 \u202e ${x} {% raw %}'


def test_a_row_becomes_a_line_that_a_batch_takes() -> None:
    line = Generator.of(TASK, MODEL).line(1, {"candidate_id": "c-1", "profile": "Nurse", "years": 3})
    request = parse_line(line.removesuffix(b"\n"), "/v1/chat/completions", [MODEL])
    assert (request.custom_id, request.model) == ("c-1", MODEL)
    assert request.body["messages"] == [
        {"role": "system", "content": "You judge."},
        {"role": "user", "content": "Years: 3\nNurse"},
    ]
    assert (request.body["temperature"], request.body["max_tokens"]) == (0, 50)
    assert request.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "fit", "strict": True, "schema": TASK["output"]},
    }


@pytest.mark.parametrize("name", sorted(built_in()))
def test_samples_of_those_that_come_with_the_program_are_taken_by_a_batch(name: str) -> None:
    document = orjson.loads(max(built_in()[name].items())[1])
    line = Generator.of(document, MODEL).line(1, document["sample"])
    assert compact(parse_line(line, "/v1/chat/completions", [MODEL]).body)
    assert preview_of(document).columns == columns_of(document)


def test_a_hostile_value_stays_a_value() -> None:
    line = Generator.of(TASK, MODEL).line(1, {"candidate_id": "c", "profile": HOSTILE})
    request = parse_line(line, "/v1/chat/completions", [MODEL])
    assert request.body["messages"][1]["content"] == "Years: \n" + HOSTILE
    assert line.count(b"\n") == 1


def test_a_value_that_is_put_in_again_and_again_makes_no_endless_request() -> None:
    """Nothing of it is put together before it is known to be too long."""
    row, repeated = TASK["sample"] | {"profile": "x" * 1_000_000}, task(prompt={"user": "{{profile}}" * 4000})
    tracemalloc.start()
    try:
        with pytest.raises(RowInvalid, match="longer than 16,777,216 bytes"):
            Generator.of(repeated, MODEL).line(1, row)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    # Six bytes for one, once it is JSON.
    with pytest.raises(RowInvalid, match="longer than 20,000 bytes"):
        Generator.of(TASK, MODEL, 20_000).line(1, row | {"profile": "\1" * 5000})


def test_a_preview_shows_the_beginning_of_what_is_too_long() -> None:
    sample = TASK["sample"] | {"profile": "x" * 40_000}
    preview = preview_of(task(prompt={"user": "Judge: " + "{{profile}}" * 1000}, sample=sample))
    assert preview.messages[0]["content"] == "Judge: " + "x" * 240_000 + "\n…"
    assert len(preview.request) < 250_000
    assert preview_of(TASK).messages[1]["content"] == "Years: 3\nNurse"


def test_rows_without_an_id_are_numbered() -> None:
    assert Generator.of(task(row_id=None), MODEL).request(7, TASK["sample"])["custom_id"] == "row-7"


@pytest.mark.parametrize("row_id", ["", " ", "x" * 513, "nul \0", None, {}])
def test_an_id_that_no_batch_takes_is_a_fault_of_its_row(row_id: Any) -> None:
    with pytest.raises(RowInvalid) as refused:
        Generator.of(TASK, MODEL).request(1, TASK["sample"] | {"candidate_id": row_id})
    assert refused.value.column == "candidate_id"


def test_a_task_may_leave_the_form_of_its_answer_open() -> None:
    free = task(output=None, columns=None)
    assert response_format(free) is None
    assert "response_format" not in Generator.of(free, MODEL).request(1, TASK["sample"])["body"]


def test_columns_are_as_they_are_declared() -> None:
    assert columns_of(TASK) == [("verdict.hire", "Hire", "flag"), ("score", "Points", "number")]
    assert columns_of(task(columns=None)) == []


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("percent", 0.256, "26%"),
        ("number", 1234.5, "1,234.50"),
        ("integer", 1234, "1,234"),
        ("flag", True, "yes"),
        ("list", ["a", 1], "a, 1"),
        ("text", {"a": 1}, '{"a":1}'),
        ("number", "many", "many"),
        ("percent", True, "true"),
        ("flag", "yes!", "yes!"),
        ("text", None, ""),
        ("text", orjson.loads("[" * 300 + "]" * 300), "nested too deeply to be shown"),
        ("list", ["a", orjson.loads("[" * 300 + "]" * 300)], "a, nested too deeply to be shown"),
    ],
)
def test_values_are_shown_as_people_read_them(kind: str, value: object, text: str) -> None:
    assert shown(kind, value) == text


@pytest.mark.parametrize(
    ("output", "values"),
    [
        ('{"verdict": {"hire": true}, "score": 7}', [("Hire", "yes"), ("Points", "7.00")]),
        ('```json\n{"score": "many"}\n```', [("Points", "many")]),
        ('{"verdict": [1], "score": null}', []),
        ("[7]", []),
        ("Hire her.", []),
        ('{"score": "' + "9" * 5000 + '"}', [("Points", "9" * 1000)]),
    ],
)
def test_an_answer_is_shown_by_the_columns_of_its_task(output: str, values: list[tuple[str, str]]) -> None:
    assert [(column.label, text) for column, text in rendered(TASK, output)] == values
