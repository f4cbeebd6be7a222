"""An example as a model is to learn from it: what all formats are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from curation.chats import SYSTEM, Message, prompt_of
from curation.wording import text_of
from schemas import ids


class Source(StrEnum):
    """Where it is known from that one answer is better than another."""

    EDITS = "edits"
    PEOPLE = "people"
    JUDGES = "judges"


class Worse(NamedTuple):
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Learned:
    id: UUID
    version: int
    custom_id: str
    model: str
    status: str
    gold: bool
    score: float | None
    category: str | None
    tags: Sequence[str]
    notes: str
    messages: Sequence[Message]
    # What the model said, and what somebody would rather have it say.
    own: str
    edited: str | None
    # Another model's answer to the same, where this one was found better, and somebody wants to know.
    beaten: Worse | None = None

    @property
    def public_id(self) -> str:
        return ids.show(ids.EXAMPLE, self.id)

    @property
    def said(self) -> str:
        """What a model is to learn to say."""
        return self.own if self.edited is None else self.edited

    @property
    def worse(self) -> Worse | None:
        """An answer to the same that `said` is preferred to: what was mended, or else what lost a comparison."""
        known = (Worse(self.own, Source.EDITS), self.beaten)
        return next((one for one in known if one is not None and squeezed(one.text) != squeezed(self.said)), None)

    @property
    def system(self) -> str:
        return "\n\n".join(text_of(message["content"]) for message in self.messages if message["role"] == SYSTEM)

    @property
    def question(self) -> str:
        """What was asked, without the system prompt."""
        return prompt_of([message for message in self.messages if message["role"] != SYSTEM])


def squeezed(text: str) -> str:
    """Without what only white space tells apart."""
    return " ".join(text.split())
