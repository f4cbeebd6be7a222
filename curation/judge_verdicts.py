"""What a judge has said, read from its answers. Pure.

An answer may be anything, as may what a model makes of a form that it was to fill. What is no verdict is None. A model
that thinks before it speaks says the verdict last.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from json import JSONDecoder
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from curation.judge_prompt import LONGEST_REASON
from curation.wording import json_text
from schemas.text import storable

# A longer answer is no verdict.
LONGEST_ANSWER: Final = 65_536
# How many braces from its end the last object of an answer may begin: each costs no more than the answer is long.
MOST_TRIES: Final = 20
THOUGHTS_END: Final = "</think>"
CUT_OFF: Final = "length"
DECODER: Final = JSONDecoder()
# As letters of `Comparison.said`: what was chosen while the first model's answer stood as A, and while it stood as B.
LETTERS: Final[Mapping[str, str]] = {"A": "A", "B": "B", "tie": "T"}
FIRST_WINS, SECOND_WINS, TIE = "AB", "BA", "TT"
AGREED: Final = (FIRST_WINS, SECOND_WINS, TIE)
# The same place twice, whoever's answer stood there.
FIRST_PLACE, SECOND_PLACE = "AA", "BB"


class Asked(NamedTuple):
    """What a line of a judging's batch was about."""

    item: int
    order: str
    first_id: UUID
    second_id: UUID


class Said(NamedTuple):
    letter: str
    reason: str


def asked(custom_id: str) -> Asked:
    item, order, first, second = custom_id.split(":")
    return Asked(int(item), order, UUID(hex=first), UUID(hex=second))


def read_said(answer: str | None) -> Said | None:
    """The verdict in a result line."""
    if answer is None or len(answer) > LONGEST_ANSWER:
        return None
    choice = _choice(_json(answer))
    content = _within(_within(choice, "message"), "content")
    if not isinstance(content, str):
        return None
    whole = _json(json_text(content))
    if whole is not None:
        return _said(whole)
    # What is cut off in its thoughts may quote an answer that says how to judge.
    found = _last_objects(content) if _within(choice, "finish_reason") != CUT_OFF else ()
    return next(filter(None, map(_said, found)), None)


def _said(verdict: object) -> Said | None:
    named = _within(verdict, "winner")
    letter = LETTERS.get(named) if isinstance(named, str) else None
    return Said(letter, shortened(_within(verdict, "reason"))) if letter else None


def _last_objects(content: str) -> Iterator[object]:
    """Those that begin behind its thoughts, from the last brace on."""
    text = content.rpartition(THOUGHTS_END)[2]
    place = len(text)
    for _ in range(MOST_TRIES):
        place = text.rfind("{", 0, place)
        if place < 0:
            return
        with suppress(ValueError, RecursionError):
            yield DECODER.raw_decode(text, place)[0]


def shortened(reason: object) -> str:
    return storable(reason)[:LONGEST_REASON].strip() if isinstance(reason, str) else ""


def winner(said: str | None, models: Sequence[str]) -> str | None:
    """Whom both orders name; None where they don't, or where neither is better."""
    first, second = models
    return {FIRST_WINS: first, SECOND_WINS: second}.get(said or TIE)


def _choice(line: object) -> object:
    """A chat's first one."""
    choices = _within(_within(_within(line, "response"), "body"), "choices")
    return choices[0] if isinstance(choices, list) and choices else None


def _within(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
