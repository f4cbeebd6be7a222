"""From the text of a document to its value, with the line of every fault. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from curation.task_schemas import bounds
from curation.task_schemas.faults import MOST_FAULTS, Fault, shown_path
from curation.task_schemas.positions import Positions, positions_of

NOWHERE: Final = Positions({}, ())


@dataclass(frozen=True, slots=True)
class Source:
    value: Any
    positions: Positions = NOWHERE
    faults: tuple[Fault, ...] = ()

    def shown(self, faults: Iterable[Fault]) -> list[dict[str, Any]]:
        """The first of them, by their lines."""
        placed = sorted(((self.positions.line_of(fault.path), fault) for fault in faults), key=lambda one: one[0])
        return [
            {"path": shown_path(fault.path), "line": line, "message": fault.message}
            for line, fault in placed[:MOST_FAULTS]
        ]


def read(text: str, largest_bytes: int = bounds.LARGEST_BYTES) -> Source:
    if len(text.encode(errors="replace")) > largest_bytes:
        return Source(None, faults=(Fault((), f"Is longer than {largest_bytes:,} bytes."),))
    try:
        value = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        fault = Fault((), f"Is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
        return Source(None, Positions({(): error.lineno}, ()), (fault,))
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Source(None, faults=(Fault((), f"Is not valid JSON: {why}."),))
    positions = positions_of(text)
    return Source(value, positions, tuple(Fault(path, "Stands here twice.") for path in positions.doubled))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"there is no {constant}")
