"""A view of a dataset as it stands in the address of its page, so that a link shows others the same."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from curation.views import Sort, View
from schemas.errors import RequestInvalid
from schemas.states import ExampleStatus

LONGEST: Final = 500
FILTERS: Final = ("status", "gold", "model", "category", "tag", "score_from", "score_to", "q")
# What else the address of a list says.
BESIDE: Final = ("sort", "after", "limit")
FIELD: Final = "field."
GOLD: Final = {"yes": True, "no": False}


def read_view(given: Mapping[str, Any]) -> View:
    """A name that nobody knows is an error: whoever mistypes a filter must not change everything instead."""
    unknown = sorted(name for name in given if name not in (*FILTERS, *BESIDE) and not name.startswith(FIELD))
    if unknown:
        raise RequestInvalid(f"There is no filter `{unknown[0]}`.", param=unknown[0])
    return View(
        status=_one_of(ExampleStatus, given, "status"),
        gold=_flag(given, "gold"),
        model=_text(given, "model"),
        category=_text(given, "category"),
        tag=_text(given, "tag"),
        score_from=_number(given, "score_from"),
        score_to=_number(given, "score_to"),
        search=_text(given, "q") or "",
        fields={name.removeprefix(FIELD): _json(value) for name, value in given.items() if name.startswith(FIELD)},
    )


def read_sort(given: Mapping[str, str]) -> Sort:
    return _one_of(Sort, given, "sort") or Sort.OLDEST


def kept(given: Mapping[str, str]) -> dict[str, Any]:
    """What of an address says which view it is and in which order, without the page within it."""
    names = (*FILTERS, "sort")
    return {name: value for name, value in given.items() if value and (name in names or name.startswith(FIELD))}


def _text(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name, "").strip()
    if len(value) > LONGEST or "\0" in value:
        raise RequestInvalid(f"`{name}` is text of at most {LONGEST} characters.", param=name)
    return value or None


def _one_of(kind: Any, given: Mapping[str, str], name: str) -> Any:
    value = given.get(name)
    if not value:
        return None
    if value not in list(kind):
        raise RequestInvalid(f"`{name}` is one of {', '.join(kind)}.", param=name)
    return kind(value)


def _flag(given: Mapping[str, str], name: str) -> bool | None:
    value = given.get(name)
    if value and value not in GOLD:
        raise RequestInvalid(f"`{name}` is yes or no.", param=name)
    return GOLD[value] if value else None


def _number(given: Mapping[str, str], name: str) -> float | None:
    value = given.get(name)
    try:
        number = float(value) if value else None
    except ValueError:
        number = float("nan")
    if number is not None and not 0 <= number <= 1:
        raise RequestInvalid(f"`{name}` is a number from 0 to 1.", param=name)
    return number


def _json(value: str) -> Any:
    """`7` and `true` are values, everything else is text."""
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return value if isinstance(found, dict | list) else found
