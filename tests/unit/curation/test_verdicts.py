from typing import Any

import pytest

from curation.verdicts import agreed, as_wanted, merged, seen_with
from curation.wanted import read
from schemas.errors import RequestInvalid

EXAMPLE: dict[str, Any] = {
    "status": "needs_review",
    "gold": False,
    "score": None,
    "category": None,
    "tags": ["old"],
    "notes": "",
    "edited_output": None,
}
APPROVED, REJECTED = {"status": "approved"}, {"status": "rejected"}


def test_what_is_said_later_stands() -> None:
    draft = merged({"score": 0.2, "notes": "first"}, read({"score": 0.5, "status": "approved"}))
    assert draft == {"score": 0.5, "notes": "first", "status": "approved"}


def test_somebody_chooses_where_all_tags_are_more_than_an_example_may_have() -> None:
    verdicts = [APPROVED | {"add_tags": [f"{who}-{n}" for n in range(20)]} for who in ("anna", "ben", "cleo")]
    assert agreed(EXAMPLE, verdicts) is None
    assert len((agreed(EXAMPLE, verdicts[:2]) or {})["add_tags"]) == 40


@pytest.mark.parametrize("name", ["add_tags", "remove_tags"])
def test_a_draft_has_no_more_tags_than_an_example_may(name: str) -> None:
    draft: dict[str, Any] = {}
    for part in ("a", "b"):
        draft = merged(draft, read({name: [f"{part}-{n}" for n in range(20)]}))
    with pytest.raises(RequestInvalid, match="at most 50 tags"):
        merged(draft, read({name: [f"c-{n}" for n in range(11)]}))


def test_a_tag_is_either_added_or_removed() -> None:
    draft = merged({}, read({"add_tags": ["a", "b"]}))
    draft = merged(draft, read({"remove_tags": ["a", "c"]}))
    assert draft == {"add_tags": ["b"], "remove_tags": ["a", "c"]}
    assert merged(draft, read({"add_tags": ["c"], "remove_tags": ["b"]})) == {
        "add_tags": ["c"],
        "remove_tags": ["a", "b"],
    }
    assert as_wanted(draft).add_tags == ("b",)


def test_an_example_is_seen_with_what_somebody_thinks_of_it() -> None:
    seen = seen_with(EXAMPLE, {"score": 0.7, "add_tags": ["a"], "remove_tags": ["old"]})
    assert seen == EXAMPLE | {"score": 0.7, "tags": ["a"]}


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ([APPROVED, APPROVED], APPROVED),
        ([APPROVED, REJECTED], None),
        # What somebody left as it is, is the same as saying so.
        ([APPROVED | {"gold": False}, APPROVED], APPROVED | {"gold": False}),
        ([APPROVED | {"gold": True}, APPROVED], None),
        ([APPROVED | {"edited_output": "x"}, APPROVED | {"edited_output": "y"}], None),
        ([APPROVED | {"edited_output": "x"}, APPROVED | {"edited_output": "x"}], APPROVED | {"edited_output": "x"}),
        ([APPROVED | {"category": "x"}, APPROVED], None),
        # A tenth apart is the same opinion.
        ([APPROVED | {"score": 0.7}, APPROVED | {"score": 0.8}], APPROVED | {"score": 0.75}),
        ([APPROVED | {"score": 0.7}, APPROVED | {"score": 0.9}], None),
        ([APPROVED | {"score": 0.7}, APPROVED], APPROVED | {"score": 0.7}),
        ([REJECTED, REJECTED, APPROVED], None),
        ([APPROVED | {"add_tags": ["a"]}, APPROVED | {"add_tags": ["b"]}], APPROVED | {"add_tags": ["a", "b"]}),
        ([APPROVED | {"notes": "one"}, APPROVED | {"notes": "two"}], APPROVED | {"notes": "one\n\ntwo"}),
        ([APPROVED | {"notes": "one"}, APPROVED | {"notes": "one"}], APPROVED | {"notes": "one"}),
    ],
)
def test_verdicts_agree_or_somebody_has_to_choose(
    verdicts: list[dict[str, Any]], together: dict[str, Any] | None
) -> None:
    assert agreed(EXAMPLE, verdicts) == together
