"""How large a document may be, before anything looks at what it says. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from curation.task_schemas.faults import Fault, Path
from schemas.text import is_storable

LARGEST_BYTES: Final = 131_072
DEEPEST: Final = 32
MOST_VALUES: Final = 10_000
LONGEST_LIST: Final = 500
# What JSON may hold and what every reader of it understands.
LARGEST_INTEGER: Final = 2**63 - 1


def faults_of(document: object) -> list[Fault]:
    """Without recursion: a hostile document may be nested deeper than Python's stack is."""
    found: list[Fault] = []
    waiting: list[tuple[Path, object]] = [((), document)]
    seen = 0
    while waiting:
        path, value = waiting.pop()
        seen += 1
        if seen > MOST_VALUES:
            return [Fault((), f"Has more than {MOST_VALUES:,} values.")]
        if len(path) > DEEPEST:
            return [Fault(path, f"Is nested deeper than {DEEPEST} levels.")]
        fault = _fault(value)
        if fault:
            found.append(Fault(path, fault))
        else:
            waiting.extend(_inside(path, value))
    return found


def _fault(value: object) -> str | None:
    if isinstance(value, dict | list) and len(value) > LONGEST_LIST:
        return f"Has more than {LONGEST_LIST} entries."
    if isinstance(value, dict) and not all(map(is_storable, value)):
        return "Has a name with characters that can't be stored."
    if isinstance(value, str) and not is_storable(value):
        return "Has characters that can't be stored."
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return "Is a number that is too large."
    return None


def _inside(path: Path, value: Any) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name), inner
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield (*path, number), inner
