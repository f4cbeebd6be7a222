"""On which line of a JSON text each of its values stands, and which names an object has twice. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from curation.task_schemas.faults import Path

# Deeper ones are refused anyway, and their paths would fill the memory.
DEEPEST: Final = 40
TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@dataclass(slots=True)
class _Open:
    """An object or a list whose end is still to come."""

    path: Path
    # The name or the number of the value that comes next; None where a name does.
    place: str | int | None


@dataclass(frozen=True, slots=True)
class Positions:
    lines: Mapping[Path, int]
    doubled: Sequence[Path]

    def line_of(self, path: Path) -> int:
        """Of what is missing: the line of what it is missing from."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def positions_of(text: str) -> Positions:
    """The text has to be valid JSON. Without recursion: it may be nested deeper than Python's stack is."""
    lines: dict[Path, int] = {}
    doubled: list[Path] = []
    around: list[_Open] = []
    line, counted = 1, 0

    def note() -> Path:
        path = _next(around)
        if len(path) <= DEEPEST:
            lines.setdefault(path, line)
        return path

    for token in TOKEN.finditer(text):
        line += text.count("\n", counted, token.start())
        counted = token.start()
        match token[0]:
            case "{" | "[" as bracket:
                around.append(_Open(note(), 0 if bracket == "[" else None))
            case "}" | "]":
                around.pop()
            case ",":
                place = around[-1].place
                around[-1].place = place + 1 if isinstance(place, int) else None
            case ":":
                pass
            case name if around and around[-1].place is None:
                around[-1].place = json.loads(name)
                if _next(around) in lines:
                    doubled.append(_next(around))
                note()
            case _:
                note()
    return Positions(lines, doubled)


def _next(around: Sequence[_Open]) -> Path:
    if not around:
        return ()
    inner = around[-1]
    return inner.path if inner.place is None else (*inner.path, inner.place)
