import pytest

from curation import columns
from curation.columns import LONGEST_TEXT, SLOTS, Column, Kind, anew, grown, slots_of
from curation.task_schemas.columns import Column as Declared

HIRE = Column("verdict", Kind.TEXT, "text_1")
YEARS = Column("years", Kind.NUMBER, "number_1")
SCORED = Column("score:length", Kind.NUMBER, "number_9")


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


def test_what_a_task_declares_comes_first_and_what_is_seen_fills_what_is_left() -> None:
    declared = [
        Declared("verdict.fit", "Fit", "percent"),
        Declared("essay", "Essay", "long_text"),
        Declared("verdict.hire", "Hire", "flag"),
        Declared("skills", "Skills", "list"),
        Declared("years", "Years", "integer"),
    ]
    begun = anew((HIRE, YEARS, SCORED), declared)
    assert begun == (
        Column("verdict.fit", Kind.NUMBER, "number_1", "Fit", "percent"),
        Column("verdict.hire", Kind.TEXT, "text_1", "Hire", "flag"),
        Column("years", Kind.NUMBER, "number_2", "Years", "integer"),
        SCORED,
    )
    assert grown(begun, [{"age": 7, "years": 3, "verdict": "hire"}])[len(begun) :] == (
        Column("age", Kind.NUMBER, "number_3"),
        Column("verdict", Kind.TEXT, "text_2"),
    )


def test_a_task_that_declares_more_than_there_are_slots_gets_the_first_ones() -> None:
    many = [Declared(f"n{number}", f"N {number}", "number") for number in range(20)]
    assert [column.slot for column in anew((), many)] == list(SLOTS[Kind.NUMBER])


def test_no_task_declares_what_a_scorer_says_and_no_answer_says_it() -> None:
    assert anew((), [Declared("score:length", "Length", "number")]) == ()
    assert slots_of((SCORED,), {"score:length": 1}) == {}


def test_a_number_is_text_where_somebody_has_declared_it_to_be() -> None:
    declared = Column("grade", Kind.TEXT, "text_1", "Grade", "text")
    assert slots_of((declared,), {"grade": 7}) == {"text_1": "7"}
    assert slots_of((declared,), {"grade": "x" * 65}) == {}


@pytest.mark.parametrize(
    ("shown_as", "value", "text"),
    [("", 7.0, "7"), ("", "hire", "hire"), ("percent", 0.85, "85%"), ("flag", "true", "yes"), ("flag", "no!", "no!")],
)
def test_values_are_shown_as_the_task_says_or_plainly(shown_as: str, value: float | str, text: str) -> None:
    assert Column("path", Kind.TEXT, "text_1", shown_as and "Title", shown_as).said(value) == text


def test_columns_that_were_stored_before_tasks_gave_them_titles_are_read() -> None:
    assert columns.read([{"path": "years", "kind": "number", "slot": "number_1"}]) == (YEARS,)
