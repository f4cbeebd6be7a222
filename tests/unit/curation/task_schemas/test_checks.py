import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.task_schemas import bounds, checks
from curation.task_schemas.built_in import built_in
from curation.task_schemas.faults import MOST_FAULTS
from tests.unit.curation.task_schemas.documents import TASK, faults, task

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
slowly = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


@pytest.mark.parametrize("name", sorted(built_in()))
def test_those_that_come_with_the_program_are_task_schemas(name: str) -> None:
    for version, text in built_in()[name].items():
        checked = checks.check(text)
        assert checked.faults == []
        assert (checked.document["name"], checked.document["version"]) == (name, version)
        assert {"sample", "output", "columns", "questions"} <= checked.document.keys()


def test_the_kinds_of_the_trade_come_with_the_program() -> None:
    assert {"candidate_evaluation", "cv_parsing", "classification"} <= built_in().keys()


def test_a_task_schema_has_no_faults() -> None:
    assert faults(TASK) == {}
    assert faults({"name": "a", "title": "A", "data": [{"name": "b", "type": "text"}], "prompt": {"user": "c"}}) == {}


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ([], "$", "Must be an object."),
        (None, "$", "Must be an object."),
        (task(title=None), "$.title", "Is missing."),
        (task(name="Fit"), "$.name", "small letters"),
        (task(name="fit\n"), "$.name", "small letters"),
        (task(name="a" * 65), "$.name", "small letters"),
        (task(name="import"), "$.name", "word of the addresses"),
        (task(version=0), "$.version", "at least 1"),
        (task(titel="x"), "$.titel", "Did you mean `title`?"),
        (task(data=[]), "$.data", "at least 1 entry"),
        (task(data={}), "$.data", "Must be a list."),
        (task(data=[{"name": "a", "type": "txt"}]), "$.data[0].type", "Did you mean `text`?"),
        (task(data=[{"name": "prompt", "type": "text"}]), "$.data[0].name", "Can't be `prompt`"),
        (task(data=[*TASK["data"], {"name": "years", "type": "text"}]), "$.data[4].name", "two columns"),
        (task(row_id="years"), "$.row_id", "required"),
        (task(row_id="nothing"), "$.row_id", "required"),
        (task(prompt={"user": ""}), "$.prompt.user", "Must not be empty."),
        (task(prompt={"user": "{{yeers}}"}), "$.prompt.user", "`{{yeers}}` is not a column"),
        (task(prompt={"user": "a", "system": "{{ profile "}), "$.prompt.system", "begins no placeholder"),
        (task(prompt={"user": "{{ profile.__class__ }}"}), "$.prompt.user", "is not a column"),
        (task(prompt={"user": "{% for x in y %}{{ x }}"}), "$.prompt.user", "`{{x}}` is not a column"),
        (task(parameters={"temperature": 3}), "$.parameters.temperature", "at most 2"),
        (task(parameters={"stream": True}), "$.parameters.stream", "not known"),
        (task(columns=[{"path": "scores"}]), "$.columns[0].path", "Did you mean `score`?"),
        (task(columns=[{"path": "verdict.hired"}]), "$.columns[0].path", "no `verdict.hired` in the output"),
        (task(columns=[{"path": "score"}, {"path": "score"}]), "$.columns[1].path", "two columns"),
        (task(output=None), "$.columns", "there is no `output`"),
        (task(questions=[{"name": "a", "type": "choice", "label": "A"}]), "$.questions[0].choices", "Is missing."),
        (task(questions=[{"name": "a", "type": "flag", "label": "A", "max": 3}]), "$.questions[0].max", "`score`"),
        (task(questions=[TASK["questions"][0]] * 2), "$.questions[1].name", "two questions"),
        (
            task(questions=[{"name": "a", "type": "choice", "label": "A", "choices": ["x", "x"]}]),
            "$.questions[0].choices[1]",
            "twice",
        ),
        (task(questions=[{"name": "a", "type": "flag", "label": "A\nB"}]), "$.questions[0].label", "one line"),
        (task(sample={"profile": "x"}), "$.sample.candidate_id", "required"),
        (task(sample=TASK["sample"] | {"years": "many"}), "$.sample.years", "whole number"),
        (task(sample=TASK["sample"] | {"age": 3}), "$.sample.age", "not a column"),
        (task(title="nul \0"), "$.title", "can't be stored"),
        (task(title="half \ud800"), "$.title", "can't be stored"),
        (task(version=10**30), "$.version", "too large"),
        (task(label_config="<View>"), "$.label_config", "not well-formed"),
    ],
)
def test_a_fault_is_told_by_its_path_in_words(document: object, path: str, message: str) -> None:
    found = faults(document)
    assert path in found, found
    assert message in found[path]


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    document = task(title="", prompt={"user": "{{nobody}}"}, columns=[{"path": "nowhere"}], questions="none")
    found = checks.check(json.dumps(document, indent=1)).faults
    assert [fault["path"] for fault in found] == ["$.title", "$.prompt.user", "$.columns[0].path", "$.questions"]
    lines = json.dumps(document, indent=1).splitlines()
    assert ['"title"' in lines[found[0]["line"] - 1], '"user"' in lines[found[1]["line"] - 1]] == [True, True]


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    document = task(data=[{"name": f"N{n}", "type": "text"} for n in range(100)])
    assert len(checks.check(json.dumps(document)).faults) == MOST_FAULTS


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "not valid JSON"),
        ("{\n  'name': 1}", 2, "not valid JSON"),
        ('{"version": NaN}', 1, "there is no NaN"),
        ('{"version": 1' + "0" * 5000 + "}", 1, "not valid JSON"),
        ("[" * 100_000, 1, "nested too deeply"),
        ("[" * 50 + "]" * 50, 1, "nested deeper"),
        ('{"a": "' + "x" * bounds.LARGEST_BYTES + '"}', 1, "longer than"),
        ('{"name": "a",\n"name": "b"}', 1, "twice"),
        (json.dumps([0] * (bounds.LONGEST_LIST + 1)), 1, "more than 500 entries"),
        (json.dumps([[[0] * 100] * 100] * 2), 1, "more than 10,000 values"),
    ],
)
def test_what_is_no_document_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    fault = checks.check(text).faults[0]
    assert fault["line"] == line
    assert message in fault["message"]


def output(**more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"score": {"type": "number"}}} | more


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"properties": {}}, "$.output.type"),
        (output(type="strin"), "$.output.type"),
        (output(properties={"a": {"type": "strin"}}), "$.output.properties.a.type"),
        (output(properties={"a": {"type": ["string", "string"]}}), "$.output.properties.a.type"),
        (output(properties={"a": 7}), "$.output.properties.a"),
        (output(required="score"), "$.output.required"),
        (output(properties=["a"]), "$.output.properties"),
        (output(properties={"a": {"$ref": "http://127.0.0.1:9/x.json"}}), "$.output.properties.a['$ref']"),
        (output(properties={"a": {"$ref": "file:///etc/passwd"}}), "$.output.properties.a['$ref']"),
        (output(properties={"a": {"$ref": "other.json"}}), "$.output.properties.a['$ref']"),
        (output(properties={"a": {"$ref": "#/$defs/nothing"}}), "$.output.properties.a['$ref']"),
        (output(properties={"a": {"$ref": "#anchor"}}), "$.output.properties.a['$ref']"),
        (output(properties={"a": {"items": [{"$ref": "http://a"}]}}), "$.output.properties.a.items[0]['$ref']"),
        (output(**{"$defs": {"a": {"$ref": "#/$defs/a"}}}), "$.output['$defs'].a['$ref']"),
        (
            output(**{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
            "$.output['$defs'].b['$ref']",
        ),
        (output(**{"$id": "http://127.0.0.1:9/"}), "$.output['$id']"),
        (output(**{"$dynamicRef": "#x"}), "$.output['$dynamicRef']"),
        (output(**{"$schema": "http://json-schema.org/draft-07/schema#"}), "$.output['$schema']"),
    ],
)
def test_an_output_schema_is_a_json_schema_that_nothing_has_to_be_fetched_for(schema: object, path: str) -> None:
    found = faults(task(output=schema, columns=None))
    assert path in found, found


def test_a_schema_may_hold_itself() -> None:
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}
    assert faults(task(output=tree, columns=[{"path": "children", "kind": "list"}])) == {}


def test_a_path_through_branches_that_lead_back_is_followed_once() -> None:
    """Ten branches at each of nine steps would be a thousand million ways."""
    branch = {"properties": {"x": {"$ref": "#"}}}
    tree = {"type": "object", "allOf": [branch] * 10}
    assert faults(task(output=tree, columns=[{"path": ".".join("x" * 9)}])) == {}


def test_names_that_look_like_keywords_are_names() -> None:
    schema = output(properties={"$ref": {"type": "string"}, "$id": {"const": {"$ref": "http://a"}}})
    assert faults(task(output=schema, columns=None)) == {}


@slowly
@given(JSON)
def test_no_document_breaks_the_checks(document: Any) -> None:
    checks.faults_of(document)


@slowly
@given(st.sampled_from(sorted(TASK)), JSON)
def test_no_section_breaks_the_checks(section: str, value: Any) -> None:
    checks.faults_of(task() | {section: value})


@slowly
@given(st.sampled_from(["properties", "$ref", "allOf", "$defs", "type", "required", "items"]), JSON)
def test_no_output_schema_breaks_the_checks(keyword: str, value: Any) -> None:
    checks.faults_of(task(output=output() | {keyword: value}))


def chained(many: int) -> dict[str, Any]:
    """So many references, each to the next."""
    places = [f"#/$defs/{n // 400}/$defs/{n}" for n in range(many)]
    groups: dict[str, Any] = {str(n): {"$defs": {}} for n in range(many // 400 + 1)}
    for n, after in enumerate([*places[1:], "#/properties/score"]):
        groups[str(n // 400)]["$defs"][str(n)] = {"$ref": after}
    return {"$defs": groups}


def named(many: int) -> list[dict[str, Any]]:
    return [{"properties": {f"abcdefgh{n}x{m}": {} for m in range(400)}} for n in range(many // 400)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(task(prompt={"user": "{{" * 24_000})),
        json.dumps(task(prompt={"user": "{{ a" * 12_000})),
        json.dumps(task(title=" " * 100_000)),
        json.dumps(task(name="a" * 100_000)),
        json.dumps(task(output=output(required=[str(n) if n % 2 else n for n in range(500)]))),
        json.dumps(task(questions=[{"choices": ["x"] * 500}] * 20)),
        json.dumps(task(output=output(**chained(2400)), columns=[{"path": "nowhere"}])),
        json.dumps(task(output=output(allOf=named(3600)), columns=[{"path": f"abcdefgh{n}y"} for n in range(50)])),
        json.dumps(
            task(
                output=output(allOf=[{"allOf": [{"properties": {"x": {"$ref": "#"}}}] * 450}] * 4),
                columns=[{"path": "x." * 90 + f"y{n}"} for n in range(50)],
            )
        ),
        "[" * 900 + "0," * 60_000 + "0" + "]" * 900,
    ],
)
def test_no_text_holds_a_check_up(text: str) -> None:
    began = time.process_time()
    assert checks.check(text).faults
    assert time.process_time() - began < 3
