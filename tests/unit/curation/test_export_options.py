from typing import Any

import pytest

from curation.exports import options
from curation.exports.beaten import Deciders
from curation.exports.options import Options
from curation.formats.table import format_named
from curation.views import View
from schemas.errors import RequestInvalid
from schemas.states import ExampleStatus


@pytest.mark.parametrize(
    "given",
    [
        {"unknown": True},
        {"leave_out_duplicates": "yes"},
        {"only_approved": None},
        {"with_judges": 1},
        {"system_prompt": 7},
        {"system_prompt": "nul \0"},
        {"system_prompt": "x" * (options.LONGEST_SYSTEM_PROMPT + 1)},
    ],
)
def test_an_option_that_means_nothing_is_refused_by_its_name(given: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid) as refused:
        options.read(given)
    assert refused.value.param == f"options.{next(iter(given))}"


def test_what_is_not_said_is_left_as_it_is() -> None:
    assert options.read({}) == Options()
    assert Options(**options.read({"system_prompt": ""}).shown).system_prompt == ""


def test_only_what_is_approved_narrows_a_view() -> None:
    wanted = Options(only_approved=True)
    assert wanted.narrowed(View(gold=True)) == View(gold=True, status=ExampleStatus.APPROVED)
    assert wanted.narrowed(View(status=ExampleStatus.APPROVED)) == View(status=ExampleStatus.APPROVED)
    with pytest.raises(RequestInvalid):
        wanted.narrowed(View(status=ExampleStatus.REJECTED))


def test_comparisons_are_asked_for_where_a_format_compares_and_judges_where_somebody_wants_them() -> None:
    dpo, chat = format_named("dpo"), format_named("chat")
    assert Options().deciders(dpo) == Deciders.PEOPLE
    assert Options(with_judges=True).deciders(dpo) == Deciders.JUDGES_TOO
    assert Options(with_judges=True).deciders(chat) == Deciders.NOBODY
