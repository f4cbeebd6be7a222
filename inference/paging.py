"""A page of a list that goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: Sequence[Item]
    has_more: bool


def page_of(found: Sequence[Item], limit: int) -> Page[Item]:
    """The page of a query that asked for one more than the limit, to learn whether there is one."""
    return Page(found[:limit], has_more=len(found) > limit)
