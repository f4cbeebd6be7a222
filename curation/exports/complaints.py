"""What a fine-tuning service would refuse, or nobody would want a model to learn. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from curation.formats.learned import Learned

# As OpenAI has them.
FEWEST_EXAMPLES: Final = 10
MOST_TOKENS: Final = 65_536


class Complaint(StrEnum):
    """What is wrong with some of the examples."""

    EMPTY_ANSWER = "Examples with an empty answer"
    NO_QUESTION = "Examples without a message of a user"
    TOO_LONG = f"Examples with more than {MOST_TOKENS:,} tokens"


@dataclass(slots=True)
class Complaints:
    counts: Counter[Complaint] = field(default_factory=Counter)
    # One of each, to look at.
    examples: dict[Complaint, str] = field(default_factory=dict)

    def look_at(self, one: Learned, tokens: int) -> None:
        for complaint in _complaints(one, tokens):
            self.counts[complaint] += 1
            self.examples.setdefault(complaint, one.public_id)

    def shown(self, examples: int) -> list[dict[str, Any]]:
        """As they stand in a manifest, for a file with so many examples."""
        found: list[dict[str, Any]] = [
            {"problem": f"{complaint}: {count:,}.", "example_id": self.examples[complaint]}
            for complaint, count in self.counts.most_common()
        ]
        if examples < FEWEST_EXAMPLES:
            few = f"Fine-tuning takes at least {FEWEST_EXAMPLES} examples; here are {examples}."
            found.append({"problem": few, "example_id": None})
        return found


def _complaints(one: Learned, tokens: int) -> Iterator[Complaint]:
    if not one.said.strip():
        yield Complaint.EMPTY_ANSWER
    if not any(message["role"] == "user" for message in one.messages):
        yield Complaint.NO_QUESTION
    if tokens > MOST_TOKENS:
        yield Complaint.TOO_LONG
