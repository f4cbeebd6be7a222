import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from curation.task_schemas.built_in import FOLDER
from curation.task_schemas.formatting import formatted

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.integers(0, 100))
def test_what_is_written_says_the_same(value: Any, indent: int) -> None:
    assert json.loads(formatted(value, indent)) == value


def test_what_fits_on_a_line_stands_on_one() -> None:
    assert formatted({"a": [1, 2], "b": {}}) == '{"a": [1, 2], "b": {}}'
    assert formatted({"a": "x" * 120, "b": [{"c": 1}]}).splitlines()[2:] == ['  "b": [{"c": 1}]', "}"]


def test_it_comes_near_to_what_people_write() -> None:
    text = (FOLDER / "classification.json").read_text()
    assert abs(len(formatted(json.loads(text)).splitlines()) - len(text.splitlines())) < 15
