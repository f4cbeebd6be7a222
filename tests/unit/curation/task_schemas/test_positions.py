import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from curation.task_schemas.positions import positions_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [found for name, inner in inside for found in paths(inner, (*path, name))]


@given(JSON)
def test_every_value_has_a_line(value: Any) -> None:
    text = json.dumps(value, indent=1)
    positions = positions_of(text)
    assert list(positions.lines) == paths(value)
    assert positions.doubled == []


def test_lines_are_those_of_an_editor() -> None:
    text = '{\n "a": [\n  1,\n  {"b": "}\\n,"}\n ],\n "c": 2\n}'
    lines = positions_of(text).lines
    assert lines == {(): 1, ("a",): 2, ("a", 0): 3, ("a", 1): 4, ("a", 1, "b"): 4, ("c",): 6}


def test_what_is_missing_is_on_the_line_of_what_it_is_missing_from() -> None:
    assert positions_of('{\n"a":\n{}}').line_of(("a", "b", "c")) == 2


def test_a_name_that_stands_twice_is_told() -> None:
    assert positions_of('{"a": {"b": 1, "b": 2}, "b": 3}').doubled == [("a", "b")]
