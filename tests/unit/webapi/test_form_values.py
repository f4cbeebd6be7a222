"""What somebody typed is a value, or an error that names the field."""

import pytest

from schemas.errors import RequestInvalid
from schemas.states import Side
from webapi import form_values


@pytest.mark.parametrize(("text", "number"), [("", None), (" 7 ", 7), ("1,000", 1000), ("2147483647", 2**31 - 1)])
def test_whole_numbers_are_read_as_people_write_them(text: str, number: int | None) -> None:
    assert form_values.whole({"n": text}, "n") == number


@pytest.mark.parametrize("text", ["x", "1.5", "-1", "\u0663", "2147483648", "9" * 5000])
def test_what_no_column_holds_is_no_whole_number(text: str) -> None:
    with pytest.raises(RequestInvalid, match="`n` is a whole number"):
        form_values.whole({"n": text}, "n")
    with pytest.raises(RequestInvalid, match="`n` is a list"):
        form_values.wholes({"n": f"1,{text}"}, "n", 5)
    assert form_values.after({"after": text}) == 0


def test_a_list_is_no_longer_than_it_may_be() -> None:
    assert form_values.wholes({"n": "1, 2"}, "n", 2) == [1, 2]
    with pytest.raises(RequestInvalid, match="at most 2 whole numbers"):
        form_values.wholes({"n": "1 2 3"}, "n", 2)


@pytest.mark.parametrize("text", ["x", "nan", "inf", "1e999"])
def test_numbers_are_finite(text: str) -> None:
    with pytest.raises(RequestInvalid, match="`n` is a number"):
        form_values.number({"n": text}, "n")


def test_a_share_is_from_0_to_1() -> None:
    assert form_values.share({"n": "0.5"}, "n") == 0.5
    with pytest.raises(RequestInvalid, match="from 0 to 1"):
        form_values.share({"n": "1.5"}, "n")


def test_a_choice_is_one_of_those_that_there_are() -> None:
    assert form_values.one_of(Side, {"side": "test"}, "side") is Side.TEST
    assert form_values.one_or_any(Side, {"side": ""}, "side") is None
    for given in ({}, {"side": "left"}):
        with pytest.raises(RequestInvalid, match="`side` is one of"):
            form_values.one_of(Side, given, "side")
