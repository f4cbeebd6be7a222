"""What differs between two texts, word by word. Pure."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, NamedTuple

TOKEN: Final = re.compile(r"\w+|\s+|[^\w\s]")
# Finding what two texts have in common takes time with the product of their lengths.
MOST_TOKENS: Final = 4000


class Kind(StrEnum):
    SAME = "same"
    LEFT = "left"
    RIGHT = "right"


class Piece(NamedTuple):
    kind: Kind
    text: str


def pieces(left: str, right: str) -> list[Piece]:
    """What both have, what only the left has and what only the right has, in the order of reading. Beyond so many
    words it is all or nothing."""
    words = [TOKEN.findall(text) for text in (left, right)]
    if max(map(len, words)) > MOST_TOKENS and left != right:
        return [Piece(Kind.LEFT, left), Piece(Kind.RIGHT, right)]
    return list(_pieces(*words))


def _pieces(left: Sequence[str], right: Sequence[str]) -> Iterator[Piece]:
    for same, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if same == "equal":
            yield Piece(Kind.SAME, "".join(left[a:b]))
            continue
        if b > a:
            yield Piece(Kind.LEFT, "".join(left[a:b]))
        if d > c:
            yield Piece(Kind.RIGHT, "".join(right[c:d]))
