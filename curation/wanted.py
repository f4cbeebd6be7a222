"""What somebody wants to change about examples. Pure: names and values go in, checked ones come out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.errors import RequestInvalid
from schemas.states import ExampleStatus
from schemas.text import is_storable

# All that people can change about an example, by the names of its columns.
CHANGEABLE: Final = ("status", "gold", "score", "category", "tags", "notes", "edited_output")
TAGS: Final = "tags"
ADD_TAGS, REMOVE_TAGS = "add_tags", "remove_tags"
MOST_TAGS: Final = 20
# Of one example, or in one review.
MOST_TAGS_IN_ALL: Final = 50
LONGEST_TAG: Final = 50
LONGEST_CATEGORY: Final = 100
LONGEST_NOTES: Final = 10_000
LONGEST_OUTPUT: Final = 200_000


@dataclass(frozen=True, slots=True)
class Wanted:
    # By the name of the column.
    values: Mapping[str, Any] = field(default_factory=dict)
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """As it is kept with the change set."""
        tags = {ADD_TAGS: list(self.add_tags), REMOVE_TAGS: list(self.remove_tags)}
        return dict(self.values) | {name: value for name, value in tags.items() if value}

    @staticmethod
    def columns_in(shown: Mapping[str, Any]) -> list[str]:
        """Which columns a change set has changed."""
        return sorted({TAGS if name in (ADD_TAGS, REMOVE_TAGS) else name for name in shown})


def read(given: Mapping[str, Any]) -> Wanted:
    unknown = sorted(given.keys() - READERS.keys() - {ADD_TAGS, REMOVE_TAGS})
    if unknown:
        raise RequestInvalid(f"An example has no `{unknown[0]}` to change.", param=unknown[0])
    values = {name: READERS[name](name, value) for name, value in given.items() if name in READERS}
    wanted = Wanted(values, _tags(ADD_TAGS, given.get(ADD_TAGS)), _tags(REMOVE_TAGS, given.get(REMOVE_TAGS)))
    if wanted == Wanted():
        raise RequestInvalid("Nothing is to be changed.")
    return wanted


def check_tags(many: int) -> None:
    if many > MOST_TAGS_IN_ALL:
        raise RequestInvalid(f"An example has at most {MOST_TAGS_IN_ALL} tags.", param=ADD_TAGS)


def _status(name: str, value: object) -> str:
    if value not in list(ExampleStatus):
        raise RequestInvalid(f"A status is one of {', '.join(ExampleStatus)}.", param=name)
    return str(value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise RequestInvalid(f"`{name}` is true or false.", param=name)
    return value


def _score(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1 or math.isnan(value):
        raise RequestInvalid("A score is a number from 0 to 1, or null.", param=name)
    return float(value)


def _category(name: str, value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and len(value) <= LONGEST_CATEGORY and value.isprintable()):
        raise RequestInvalid(f"A category is one line of at most {LONGEST_CATEGORY} characters, or null.", param=name)
    return (value or "").strip() or None


def _text(longest: int, *, optional: bool) -> Callable[[str, object], str | None]:
    def read_text(name: str, value: object) -> str | None:
        if optional and value is None:
            return None
        if not isinstance(value, str) or len(value) > longest or not is_storable(value):
            raise RequestInvalid(f"`{name}` is text of at most {longest:,} characters.", param=name)
        return value

    return read_text


def _tags(name: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_TAGS or not all(map(_is_tag, value)):
        raise RequestInvalid(
            f"`{name}` is a list of at most {MOST_TAGS} tags, each of 1 to {LONGEST_TAG} printable characters.",
            param=name,
        )
    return tuple(dict.fromkeys(tag.strip() for tag in value))


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_TAG and value.isprintable()


READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "status": _status,
    "gold": _flag,
    "score": _score,
    "category": _category,
    "notes": _text(LONGEST_NOTES, optional=False),
    "edited_output": _text(LONGEST_OUTPUT, optional=True),
}
