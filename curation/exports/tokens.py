"""How many tokens examples have: counted with the tokenizer of their model, estimated where that is not at hand.

To count takes longer than all the rest of an export, so what is counted is the first few thousand. What comes after
them is estimated by how many bytes a token of those had.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from tokenizers import Tokenizer

from curation.formats.learned import Learned
from curation.wording import text_of
from inference.context_length import tokenizer_of
from inference.order import BYTES_PER_TOKEN
from schemas.tables import Model

# A text of megabytes would take seconds.
LONGEST_COUNTED: Final = 200_000


@dataclass(slots=True)
class Tokens:
    """Of the texts alone, without what a chat template puts around them."""

    total: int = 0
    min: int = 0
    mean: int = 0
    max: int = 0
    # Of how many examples they are counted, and of how many estimated.
    counted: int = 0
    estimated: int = 0

    def add(self, tokens: int, *, counted: bool) -> None:
        examples = self.counted + self.estimated
        self.min = min(self.min, tokens) if examples else tokens
        self.max = max(self.max, tokens)
        self.total += tokens
        self.counted += counted
        self.estimated += not counted
        self.mean = round(self.total / (examples + 1))

    @property
    def shown(self) -> dict[str, Any]:
        return asdict(self)


class TokenCounter:
    def __init__(self, sources: Mapping[str, str], most_counted: int) -> None:
        # Where the files of each model lie.
        self._sources = sources
        self._left = most_counted
        self._bytes = self._tokens = 0

    def add(self, one: Learned, tokens: Tokens) -> int:
        """Add an example's tokens to the others; returns how many they are."""
        texts = [*(text_of(message["content"]) for message in one.messages), one.said]
        size = sum(len(text.encode()) for text in texts)
        tokenizer = self._tokenizer(one.model, size)
        if tokenizer is None:
            count = round(size / self._bytes_per_token)
        else:
            count = sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts)
            self._left -= 1
            self._bytes += size
            self._tokens += count
        tokens.add(count, counted=tokenizer is not None)
        return count

    def _tokenizer(self, model: str, size: int) -> Tokenizer | None:
        source = self._sources.get(model)
        return tokenizer_of(source) if source and self._left > 0 and size <= LONGEST_COUNTED else None

    @property
    def _bytes_per_token(self) -> float:
        return self._bytes / self._tokens if self._tokens else BYTES_PER_TOKEN


def sources(session: Session) -> dict[str, str]:
    """Where the files of each model lie that was ever served here."""
    return {name: source for name, source in session.execute(select(Model.name, Model.source))}
