"""A view of a dataset as it stands in the address of its page, so that a link shows others the same."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from curation import views
from curation.views import Range, View
from curation.wording import Scalar, value_typed
from schemas import ids
from schemas.errors import RequestInvalid, SplitNotFound
from schemas.limits import LONGEST_VIEW_VALUE
from schemas.states import ExampleStatus, Side
from schemas.tables import Dataset
from schemas.text import is_storable, storable
from webapi.database import db
from webapi.form_values import number, one_or_any, share

FILTERS: Final = (
    "status", "gold", "model", "category", "tag", "score_from", "score_to", "score_below", "changed_since", "split",
    "side", "q",
)  # fmt: skip
# What else the address of a list says: the order, and the page.
SORT: Final = "sort"
PAGE: Final = ("after", "limit")
# Followed by the path of a value.
FIELD, FROM, BELOW = "field.", "from.", "below."
GOLD: Final = {"yes": True, "no": False}


def view_of(dataset: Dataset, given: Mapping[str, Any]) -> View:
    """What an address says of this dataset: what it names has to be there."""
    return views.check(db.session(), dataset, read_view(given))


def whole_view_of(dataset: Dataset, given: Mapping[str, Any]) -> View:
    """For what is done to all that a view holds. Whoever names a page, or a filter without a value, must not be given
    everything instead."""
    for name, value in given.items():
        if name in PAGE:
            raise RequestInvalid(f"This is of all that a view holds: `{name}` says nothing here.", param=name)
        if not str(value).strip():
            raise RequestInvalid(f"`{name}` is empty: leave it out, or say what it is to be.", param=name)
    return view_of(dataset, given)


def read_view(given: Mapping[str, Any]) -> View:
    """A name that nobody knows is an error: whoever mistypes a filter must not change everything instead."""
    unknown = sorted(name for name in given if name not in (*FILTERS, SORT, *PAGE) and not _is_of_a_value(name))
    if unknown:
        raise RequestInvalid(f"There is no filter `{storable(unknown[0])}`.", param=storable(unknown[0]))
    split = _text(given, "split")
    if split is None and given.get("side"):
        raise RequestInvalid("A `side` is one of a split: say of which `split`.", param="split")
    return View(
        status=one_or_any(ExampleStatus, given, "status"),
        gold=_flag(given, "gold"),
        model=_text(given, "model"),
        category=_text(given, "category"),
        tag=_text(given, "tag"),
        score_from=share(given, "score_from"),
        score_to=share(given, "score_to"),
        score_below=share(given, "score_below"),
        changed_since=_moment(given, "changed_since"),
        split=ids.parse(ids.SPLIT, split, SplitNotFound) if split else None,
        side=one_or_any(Side, given, "side"),
        search=_text(given, "q") or "",
        fields={path: _typed(value) for path, value in _of_values(given, FIELD).items()},
        ranges=_ranges(given),
    )


def read_sort(given: Mapping[str, str]) -> str:
    return _text(given, SORT) or "oldest"


def kept(given: Mapping[str, str]) -> dict[str, Any]:
    """What of an address says which view it is and in which order, without the page within it."""
    return {
        name: value for name, value in given.items() if value and (name in (*FILTERS, SORT) or _is_of_a_value(name))
    }


def toggled(
    address: Mapping[str, str], wanted: Mapping[str, str], names: Collection[str]
) -> tuple[bool, dict[str, str]]:
    """Whether an address filters by what is wanted, and the address that does if it doesn't, with nothing else of
    these names."""
    is_on = wanted.items() <= address.items()
    others = {name: value for name, value in address.items() if name not in names}
    return is_on, others if is_on else others | dict(wanted)


def _is_of_a_value(name: str) -> bool:
    return name.startswith((FIELD, FROM, BELOW)) and is_storable(name)


def _of_values(given: Mapping[str, str], prefix: str) -> dict[str, str]:
    names = [name for name in given if name.startswith(prefix)]
    return {name.removeprefix(prefix): text for name in names if (text := _text(given, name)) is not None}


def _ranges(given: Mapping[str, str]) -> dict[str, Range]:
    lower, upper = _of_values(given, FROM), _of_values(given, BELOW)
    return {path: Range(number(given, FROM + path), number(given, BELOW + path)) for path in lower | upper}


def _text(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name, "").strip()
    if len(value) > LONGEST_VIEW_VALUE or not is_storable(value):
        raise RequestInvalid(f"`{name}` is text of at most {LONGEST_VIEW_VALUE} characters.", param=name)
    return value or None


def _flag(given: Mapping[str, str], name: str) -> bool | None:
    value = given.get(name)
    if value and value not in GOLD:
        raise RequestInvalid(f"`{name}` is yes or no.", param=name)
    return GOLD[value] if value else None


def _moment(given: Mapping[str, Any], name: str) -> datetime | None:
    """A day, or a moment; without a time zone it is UTC."""
    value = given.get(name)
    try:
        found = datetime.fromisoformat(value) if value else None
    except ValueError:
        message = f"`{name}` is a day or a moment, as in 2026-01-31 or 2026-01-31T12:00:00Z."
        raise RequestInvalid(message, param=name) from None
    return found and (found if found.tzinfo else found.replace(tzinfo=UTC))


def _typed(value: str) -> Scalar:
    found = value_typed(value)
    if isinstance(found, str) and not is_storable(found):
        raise RequestInvalid("A value has a character that nothing here can have.")
    return found
