"""Scorers: how good an answer is, from 0 to 1, by a rule. What passes between them and the workbench."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    request: Mapping[str, Any]
    output: str
    # What other models said to the same prompt; empty unless the scorer asks for them.
    others: Sequence[str] = field(default=())
    # What somebody has said would be right, if anybody has.
    reference: str | None = None


class Score(NamedTuple):
    # 0 to 1.
    value: float
    # A few words, for people who wonder.
    reason: str = ""


class Scorer(Protocol):
    # Letters, digits and underscores. With the version it says where a score comes from.
    name: str
    version: int
    # A sentence.
    says: str
    needs_others: bool
    needs_reference: bool

    def score(self, answer: Answer) -> Score | None:
        """None where the rule has nothing to say about this answer."""
