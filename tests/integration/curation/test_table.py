"""The table: filters, orders and counts over the values of answers, and what a view holds, summed up."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session

from curation import columns, facets, table, views
from curation.table import Count
from curation.views import Range, View
from schemas.errors import CursorUnknown, RequestInvalid
from schemas.states import ExampleStatus
from schemas.tables import Dataset, Example
from tests.integration.curation.answers import dataset_of
from webapi.view_address import read_view

# Two have no years, and one no JSON at all.
ANSWERS: list[Any] = [
    {"verdict": "hire", "years": 12, "essay": "x" * 100},
    {"verdict": "decline", "years": 0.5, "essay": "y"},
    {"verdict": "hire", "years": None},
    {"verdict": "hire", "years": 7, "nested": {"fit": True}},
    {"verdict": 3, "years": "seven", "nested": {"fit": False}},
    "nothing but words",
]
# One lies as near to an edge as can be.
SCORES = (0.0, 0.2, 0.29999999999999993, 0.3, 0.9, 1.0)


@pytest.fixture
def dataset(session: Session) -> Dataset:
    said = [answer if isinstance(answer, str) else json.dumps(answer) for answer in ANSWERS]
    return dataset_of(session, some_model=said)


def items(session: Session, dataset: Dataset, view: View, sort: str = "oldest") -> list[int]:
    """Read in pages of two, as somebody would who turns them."""
    found: list[int] = []
    after = None
    while True:
        page = table.page(session, dataset, view, sort, after, 2)
        found += [row.item for row in page.rows]
        if not page.has_more:
            return found
        after = page.rows[-1].cursor


def test_answers_have_their_values_as_columns(session: Session, dataset: Dataset) -> None:
    assert [(column.path, column.kind) for column in columns.read(dataset.columns)] == [
        ("verdict", "text"),
        ("years", "number"),
        ("essay", "text"),
        ("nested.fit", "text"),
    ]
    rows = table.page(session, dataset, View(), "oldest", None, 10).rows
    assert [row.values for row in rows] == [
        {"verdict": "hire", "years": 12},
        {"verdict": "decline", "years": 0.5, "essay": "y"},
        {"verdict": "hire"},
        {"verdict": "hire", "years": 7, "nested.fit": "true"},
        {"nested.fit": "false"},
        {},
    ]


@pytest.mark.parametrize(
    ("view", "found"),
    [
        (View(fields={"verdict": "hire"}), [1, 3, 4]),
        (View(fields={"nested.fit": True}), [4]),
        (View(fields={"years": 7}), [4]),
        (View(fields={"years": "seven"}), []),
        (View(fields={"verdict": "hire"}, ranges={"years": Range(7, 12)}), [4]),
        (View(ranges={"years": Range(at_least=7)}), [1, 4]),
        (View(ranges={"years": Range(below=7)}), [2]),
        (View(fields={"verdict": "hire"}, search="years null"), [3]),
        (View(fields={"unheard": "of"}), []),
    ],
)
def test_a_view_filters_by_the_values_of_answers(
    session: Session, dataset: Dataset, view: View, found: list[int]
) -> None:
    assert items(session, dataset, view) == found
    assert table.count(session, dataset, view) == Count(len(found), exact=True)


def test_a_value_without_a_column_is_found_in_the_json(session: Session, dataset: Dataset) -> None:
    dataset.columns = []
    assert items(session, dataset, View(fields={"verdict": "hire"})) == [1, 3, 4]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("field.years", [2, 4, 1, 3, 5, 6]),
        ("-field.years", [1, 4, 2, 3, 5, 6]),
        ("-field.verdict", [4, 3, 1, 2, 5, 6]),
        ("best", [5, 2, 1, 3, 4, 6]),
        ("worst", [2, 5, 1, 3, 4, 6]),
        ("newest", [6, 5, 4, 3, 2, 1]),
    ],
)
def test_an_order_ends_with_those_that_lack_its_value(
    session: Session, dataset: Dataset, sort: str, found: list[int]
) -> None:
    rows = table.page(session, dataset, View(), "oldest", None, 10).rows
    for number, score in ((2, 0.25), (5, 0.75)):
        session.get_one(Example, rows[number - 1].example.id).score = score
    session.flush()
    assert items(session, dataset, View(), sort) == found


def test_a_view_in_an_order_holds_what_it_holds_in_any(session: Session, dataset: Dataset) -> None:
    assert sorted(items(session, dataset, View(fields={"verdict": "hire"}), "-field.years")) == [1, 3, 4]


@pytest.mark.parametrize("sort", ["years", "field.unheard", "--field.years", "sideways", "field."])
def test_an_order_that_does_not_exist_is_refused(session: Session, dataset: Dataset, sort: str) -> None:
    with pytest.raises(RequestInvalid):
        table.page(session, dataset, View(), sort, None, 10)


@pytest.mark.parametrize("cursor", ["", "~", "=x~", "=seven~" + 32 * "0", "nonsense"])
def test_a_cursor_that_nobody_gave_is_refused(session: Session, dataset: Dataset, cursor: str) -> None:
    with pytest.raises(CursorUnknown):
        table.page(session, dataset, View(), "field.years", cursor, 10)


def test_words_have_no_ranges(session: Session, dataset: Dataset) -> None:
    with pytest.raises(RequestInvalid, match="no column of numbers"):
        views.matching(dataset, View(ranges={"verdict": Range(1, 2)}))


def test_more_than_a_page_wants_to_count_are_said_to_be_more(session: Session, dataset: Dataset) -> None:
    view = View(fields={"verdict": "hire"})
    assert table.count(session, dataset, view, most=2) == Count(2, exact=False)
    assert table.count(session, dataset, view, most=None) == Count(3, exact=True)
    assert table.count(session, dataset, View(), most=2) == Count(6, exact=True)
    assert table.count(session, dataset, View(status=ExampleStatus.NEEDS_REVIEW), most=2) == Count(6, exact=True)


def test_a_view_is_summed_up_by_its_values(session: Session, dataset: Dataset) -> None:
    summary = {
        facet.name: [(bar.label, bar.count) for bar in facet.bars]
        for facet in facets.summed_up(session, dataset, View())
    }
    assert summary == {
        "verdict": [("hire", 3), ("decline", 1)],
        "years": [("0 to 1", 1), ("7 to 8", 1), ("12 to 13", 1)],
        "status": [("needs_review", 6)],
        "model": [("some_model", 6)],
    }


def test_each_bar_says_which_view_holds_just_its_examples(session: Session, dataset: Dataset) -> None:
    for number, example in enumerate(session.query(Example).order_by(Example.id)):
        example.score, example.tags, example.category = SCORES[number], ["fine", f"t{number}"], "nurses"
    session.flush()
    summary = facets.summed_up(session, dataset, View())
    assert {facet.name for facet in summary} >= {"score", "verdict", "years", "status", "tags", "category", "model"}
    for facet in summary:
        for bar in facet.bars:
            view = read_view(bar.filter)
            assert table.count(session, dataset, view).number == bar.count, (facet.name, bar)


# Of one column: words that look like something else, and numbers that arithmetic ends at.
LIKE_VALUES = ["3.10", "3.10", "3.1", "3.1", "1e5", "1e5", "true", "true", "null"]
LIKE_TEXTS = [" x", " x", '"x"', '"x"', "", "", "[1]", "[1]"]
NUMBERS = [
    (1e308, -1e308, 1.7976931348623157e308),
    (0, 6e-323),
    (1e-300, -1e-300, 1e300),
    (1e16, 1e16 + 2),
    (1753000000001, 1753000000001),
]


@pytest.mark.parametrize("values", [LIKE_VALUES, LIKE_TEXTS, *NUMBERS], ids=str)
def test_whatever_the_values_are_each_bar_holds_just_what_it_says(session: Session, values: Sequence[object]) -> None:
    dataset = dataset_of(session, m=[json.dumps({"x": value}) for value in values])
    (found,) = [facet for facet in facets.summed_up(session, dataset, View()) if facet.name == "x"]
    assert sum(bar.count for bar in found.bars) == len(values)
    for bar in found.bars:
        assert table.count(session, dataset, read_view(bar.filter)).number == bar.count, bar


def test_a_summary_is_of_the_view_alone(session: Session, dataset: Dataset) -> None:
    summary = facets.summed_up(session, dataset, View(fields={"verdict": "hire"}))
    (years,) = [facet for facet in summary if facet.name == "years"]
    assert [(bar.label, bar.count) for bar in years.bars] == [("7 to 8", 1), ("12 to 13", 1)]
