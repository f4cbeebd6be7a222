from typing import Any

import pytest

from curation import wanted
from schemas.errors import RequestInvalid


def test_values_and_tags_are_read() -> None:
    found = wanted.read({"status": "approved", "gold": True, "score": 1, "add_tags": [" a ", "b", "a"], "notes": "n"})
    assert found.values == {"status": "approved", "gold": True, "score": 1.0, "notes": "n"}
    assert found.add_tags == ("a", "b")
    assert wanted.Wanted.columns_in(found.shown) == ["gold", "notes", "score", "status", "tags"]


def test_null_takes_a_value_away() -> None:
    found = wanted.read({"score": None, "category": None, "edited_output": None})
    assert found.values == {"score": None, "category": None, "edited_output": None}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"unknown": 1},
        {"id": "x"},
        {"status": "good"},
        {"status": None},
        {"gold": 1},
        {"gold": None},
        {"score": 1.01},
        {"score": -0.1},
        {"score": True},
        {"score": "0.5"},
        {"score": float("nan")},
        {"score": float("inf")},
        {"notes": None},
        {"notes": "nul \0"},
        {"notes": "\ud800"},
        {"edited_output": "x" * 200_001},
        {"category": "two\nlines"},
        {},
        {"add_tags": []},
        {"add_tags": None, "remove_tags": []},
        {"add_tags": "a"},
        {"add_tags": [1]},
        {"add_tags": [""]},
        {"add_tags": ["\u202e"]},
        {"remove_tags": ["x"] * 21},
    ],
)
def test_what_means_nothing_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid):
        wanted.read(given)
