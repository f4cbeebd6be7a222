"""What is wrong with a document, where in it, and in words that help. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Final

Path = tuple[str | int, ...]

MOST_FAULTS: Final = 50
LONGEST_SHOWN: Final = 60
PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Fault:
    path: Path
    message: str

    def below(self, *path: str | int) -> "Fault":
        """The same fault, of what is a part of something larger."""
        return replace(self, path=(*path, *self.path))


def shown_path(path: Path) -> str:
    """As JSONPath has it: `$.questions[0].choices`."""
    return "$" + "".join(map(_step, path))


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if PLAIN_NAME.fullmatch(step):
        return f".{shown(step)}"
    return f"[{shown(step)!r}]"


def shown(text: str) -> str:
    """A stranger's text, short enough to stand in a message."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
