"""Prompts with placeholders: `{{ name }}` becomes the value of a column, and nothing else happens. Pure.

What is put in is not looked at again, so a value that looks like a placeholder stays what it is. Two braces as they are
are written `\\{{`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from curation.task_schemas.faults import shown

# The last of these is one that is never closed, or that holds what can't be a name.
TOKEN: Final = re.compile(r"(?P<braces>\\\{\{)|\{\{(?P<name>[^{}]{0,200})\}\}|(?P<broken>\{\{)")


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str


@dataclass(frozen=True, slots=True)
class Template:
    parts: Sequence[str | Placeholder]
    broken: int

    @classmethod
    def of(cls, text: str) -> "Template":
        parts: list[str | Placeholder] = []
        broken = end = 0
        for token in TOKEN.finditer(text):
            parts.append(text[end : token.start()])
            end = token.end()
            if token["name"] is not None:
                parts.append(Placeholder(token["name"].strip()))
            else:
                parts.append("{{")
                broken += token["broken"] is not None
        return cls((*parts, text[end:]), broken)

    def render(self, values: Mapping[str, str]) -> str:
        return "".join(self._pieces(values))

    def length(self, values: Mapping[str, str]) -> int:
        """Of what it becomes, which may be far longer than both: a long value can be put in a thousand times."""
        return sum(map(len, self._pieces(values)))

    def beginning(self, values: Mapping[str, str], longest: int) -> "Template":
        """As many of its parts as become so many characters."""
        ends = accumulate(map(len, self._pieces(values)))
        parts = [part for part, end in zip(self.parts, ends, strict=True) if end <= longest]
        return self if len(parts) == len(self.parts) else Template((*parts, "\n…"), self.broken)

    def _pieces(self, values: Mapping[str, str]) -> Iterator[str]:
        return (values[part.name] if isinstance(part, Placeholder) else part for part in self.parts)

    def faults(self, known: Sequence[str]) -> list[str]:
        names = dict.fromkeys(part.name for part in self.parts if isinstance(part, Placeholder))
        found = [
            f"`{{{{{shown(name)}}}}}` is not a column of `data`, which has {', '.join(known)}."
            for name in names
            if name not in known
        ]
        if self.broken:
            found.append("Has `{{` that begins no placeholder. Write `\\{{` for two braces as they are.")
        return found
