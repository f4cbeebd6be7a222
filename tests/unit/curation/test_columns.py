import pytest

from curation import columns
from curation.columns import LONGEST_TEXT, SLOTS, Column, Kind, grown, slots_of

HIRE = Column("verdict", Kind.TEXT, "text_1")
YEARS = Column("years", Kind.NUMBER, "number_1")


def test_answers_give_a_dataset_its_columns_in_the_order_in_which_their_values_come() -> None:
    answers = [{"years": 7, "verdict": "hire"}, {"years": 3, "fit": 0.5, "remote": True}]
    assert grown((), answers) == (
        YEARS,
        HIRE,
        Column("fit", Kind.NUMBER, "number_2"),
        Column("remote", Kind.TEXT, "text_2"),
    )


def test_a_column_keeps_its_slot_whatever_comes_later() -> None:
    assert grown((YEARS, HIRE), [{"verdict": 1, "years": "many"}]) == (YEARS, HIRE)


def test_values_beyond_the_slots_get_none() -> None:
    many = {f"n{n}": n for n in range(20)} | {f"t{n}": "word" for n in range(20)}
    found = grown((), [many])
    assert [column.slot for column in found] == [*SLOTS[Kind.NUMBER], *SLOTS[Kind.TEXT]]


@pytest.mark.parametrize("value", [None, "x" * (LONGEST_TEXT + 1)])
def test_what_is_nothing_to_sort_by_becomes_no_column(value: str | None) -> None:
    assert grown((), [{"essay": value}]) == ()


def test_a_value_of_another_kind_is_left_out_of_its_column() -> None:
    assert slots_of((YEARS, HIRE), {"years": 7, "verdict": "hire"}) == {"number_1": 7.0, "text_1": "hire"}
    assert slots_of((YEARS, HIRE), {"years": "seven", "verdict": 7}) == {}
    assert slots_of((YEARS, HIRE), {"verdict": "x" * 65}) == {}


@pytest.mark.parametrize(
    ("column", "given", "value"),
    [(HIRE, "hire", "hire"), (HIRE, 7, "7"), (HIRE, True, "true"), (YEARS, 7, 7.0), (YEARS, "seven", None)],
)
def test_somebody_may_filter_by_a_number_that_is_meant_as_text(
    column: Column, given: str | float, value: str | float | None
) -> None:
    assert column.read(given) == value


def test_columns_are_stored_as_json_and_read_again() -> None:
    assert columns.read(columns.stored((YEARS, HIRE))) == (YEARS, HIRE)
