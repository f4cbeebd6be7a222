"""Which prompts are certainly too long for their model, known before an engine sees them.

A token of today's tokenizers covers at least one byte, so a body with fewer bytes than the model has tokens always
fits and costs one comparison. Only the rest is tokenized, where the model's tokenizer lies in a local folder. What is
not certain is left to the engine, which answers it with a 400 on that line.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from schemas.tables import Model

log = logging.getLogger(__name__)


class ContextLimits:
    def __init__(self, served: Sequence[Model]) -> None:
        self.models = frozenset(model.name for model in served)
        self._limits = {model.name: (model.max_tokens, model.source) for model in served if model.max_tokens}

    def longest(self, model: str, tokens: int) -> int:
        """So many tokens, or as many as the model can have."""
        limit, _ = self._limits.get(model, (None, ""))
        return tokens if limit is None else min(tokens, limit)

    def excess(self, model: str, body: dict[str, Any], size: int) -> str | None:
        """Why this body can't fit, or None where it fits or nobody can tell yet."""
        limit, source = self._limits.get(model, (None, ""))
        if limit is None or size < limit:
            return None
        tokenizer = tokenizer_of(source)
        if tokenizer is None:
            return None
        tokens = sum(len(tokenizer.encode(part, add_special_tokens=False).ids) for part in _texts(body))
        if tokens < limit:
            return None
        return f"The prompt has at least {tokens:,} tokens; {model} takes at most {limit:,} for prompt and answer."


def _texts(body: dict[str, Any]) -> Iterator[str]:
    """The text of a prompt: message contents, `prompt` or `input`. An embedding's inputs stand for themselves."""
    messages = body.get("messages")
    if isinstance(messages, list):
        for message in messages:
            yield from _content(message.get("content"))
    for name in ("prompt", "input"):
        if isinstance(body.get(name), str):
            yield body[name]


def _content(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))


@cache
def tokenizer_of(source: str) -> Tokenizer | None:
    file = Path(source) / "tokenizer.json"
    if not file.is_file():
        log.info("no tokenizer at %s: its prompts are not measured before they run", source)
        return None
    return Tokenizer.from_file(str(file))
