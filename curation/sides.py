"""What belongs together, and which side of a split it is on. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import orjson

from curation.chats import messages_of
from curation.wording import text_of
from schemas.states import Side

# What a larger part of all items shares than this is a template, not a conversation.
LARGEST_KIN_SHARE: Final = 0.1
LARGEST_SMALL_KIN: Final = 20
SEPARATORS: Final = "/:#"


def kin_of(custom_id: str, request: Mapping[str, Any]) -> list[int | None]:
    """Digests of what an item has in common with its kin: how its conversation begins, and what its custom_id is of."""
    opening: list[str] = []
    for message in messages_of(request):
        opening += (str(message.get("role")), text_of(message.get("content")))
        if message.get("role") == "user":
            break
    name = custom_id
    for separator in SEPARATORS:
        name = name.partition(separator)[0]
    return [_digest(opening), _digest(["custom_id", name]) if name not in ("", custom_id) else None]


def _digest(value: Sequence[str]) -> int:
    return int.from_bytes(blake2b(orjson.dumps(value), digest_size=8).digest(), signed=True)


class Groups:
    """Items by their places, joined to groups. The first of a group stands for it."""

    def __init__(self, count: int) -> None:
        self._before = list(range(count))

    def first_of(self, place: int) -> int:
        before = self._before
        while before[place] != place:
            before[place] = before[before[place]]
            place = before[place]
        return place

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.first_of(one), self.first_of(other)))
        self._before[second] = first

    def join_kin(self, kin: Sequence[int | None]) -> None:
        """All that have the same digest, unless too many have it."""
        sizes = Counter(digest for digest in kin if digest is not None)
        most = max(LARGEST_SMALL_KIN, LARGEST_KIN_SHARE * len(kin))
        firsts: dict[int, int] = {}
        for place, digest in enumerate(kin):
            if digest is not None and sizes[digest] <= most:
                self.join(firsts.setdefault(digest, place), place)

    def all(self) -> list[int]:
        """Of each place, the first of its group."""
        return [self.first_of(place) for place in range(len(self._before))]


def choose_sides(firsts: Iterable[int], shares: Mapping[Side, float], seed: int) -> dict[int, Side]:
    """A side for each group, by its first: drawn by the seed, the large ones first, whichever side lacks most."""
    sizes = Counter(firsts)
    lacking = {side: share * sizes.total() for side, share in shares.items()}
    chosen: dict[int, Side] = {}
    for first in sorted(sizes, key=lambda first: (-sizes[first], _digest([str(seed), str(first)]))):
        side = max(lacking, key=lambda side: lacking[side])
        chosen[first] = side
        lacking[side] -= sizes[first]
    return chosen
