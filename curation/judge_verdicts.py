"""What a judge has said, read from its answers. Pure.

An answer may be anything, as may what a model makes of a form that it was to fill. What is no verdict is None.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from curation.judge_prompt import LONGEST_REASON
from curation.wording import json_text
from schemas.text import storable

# A longer answer is no verdict.
LONGEST_ANSWER: Final = 65_536
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
    verdict = _json(json_text(_content(_json(answer))))
    letter = LETTERS.get(str(_within(verdict, "winner")))
    reason = _within(verdict, "reason")
    return Said(letter, shortened(reason)) if letter else None


def shortened(reason: object) -> str:
    return storable(reason)[:LONGEST_REASON].strip() if isinstance(reason, str) else ""


def winner(said: str | None, models: Sequence[str]) -> str | None:
    """Whom both orders name; None where they don't, or where neither is better."""
    first, second = models
    return {FIRST_WINS: first, SECOND_WINS: second}.get(said or TIE)


def _content(line: object) -> str:
    """The text of a chat's first choice."""
    choices = _within(_within(_within(line, "response"), "body"), "choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    content = _within(_within(choice, "message"), "content")
    return content if isinstance(content, str) else ""


def _within(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
