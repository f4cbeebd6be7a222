"""What a form or an address says, as values. What fits no value is an error that names its field."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from schemas.errors import RequestInvalid
from schemas.limits import LARGEST_INTEGER

One = TypeVar("One", bound=StrEnum)
MOST_DIGITS: Final = len(str(LARGEST_INTEGER))


def one_of(kind: type[One], given: Mapping[str, str], name: str) -> One:
    value = given.get(name, "")
    if value not in list(kind):
        raise RequestInvalid(f"`{name}` is one of {', '.join(kind)}.", param=name)
    return kind(value)


def one_or_any(kind: type[One], given: Mapping[str, str], name: str) -> One | None:
    """None where nothing is chosen."""
    return one_of(kind, given, name) if given.get(name) else None


def number(given: Mapping[str, str], name: str) -> float | None:
    value = given.get(name, "").strip()
    try:
        found = float(value) if value else None
    except ValueError:
        found = math.nan
    if found is not None and not math.isfinite(found):
        raise RequestInvalid(f"`{name}` is a number.", param=name)
    return found


def share(given: Mapping[str, str], name: str) -> float | None:
    found = number(given, name)
    if found is not None and not 0 <= found <= 1:
        raise RequestInvalid(f"`{name}` is a number from 0 to 1.", param=name)
    return found


def whole(given: Mapping[str, str], name: str) -> int | None:
    """As people write it: 10,000 is one too."""
    value = given.get(name, "").strip().replace(",", "")
    if value and not _is_whole(value):
        raise RequestInvalid(f"`{name}` is a whole number, up to {LARGEST_INTEGER:,}.", param=name)
    return int(value) if value else None


def wholes(given: Mapping[str, str], name: str, most: int) -> list[int]:
    """Several, with commas or spaces between."""
    values = given.get(name, "").replace(",", " ").split()
    if len(values) > most or not all(map(_is_whole, values)):
        raise RequestInvalid(f"`{name}` is a list of at most {most:,} whole numbers.", param=name)
    return [int(value) for value in values]


def after(given: Mapping[str, str]) -> int:
    """Behind which number a list goes on: at its beginning, where that is none."""
    value = given.get("after", "")
    return int(value) if _is_whole(value) else 0


def text(given: Mapping[str, str], name: str) -> str:
    """With the line breaks that people typed; browsers send longer ones."""
    return given.get(name, "").replace("\r\n", "\n")


def _is_whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS and int(value) <= LARGEST_INTEGER
