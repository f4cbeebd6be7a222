"""How values look to people: sizes, numbers, moments, and text that somebody else wrote."""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flask.sansio.app import App

from inference.forecast import SecondsLeft
from schemas import ids
from schemas.tables.base import now

UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
# Joiners that letters and emoji need; all other marks of formatting only mislead.
JOINERS: Final = "\u200c\u200d"
STEPS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def size(count: int | None) -> str:
    if count is None:
        return "unknown"
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{count} bytes" if unit == 0 else f"{amount:.1f} {UNITS[unit]}"


def number(count: int) -> str:
    return f"{count:,}"


def many(count: int, one: str, several: str = "") -> str:
    """How many of something: `1 example`, `2,000 examples`."""
    return f"{number(count)} {one if count == 1 else several or one + 's'}"


def percent(share: float | None) -> str:
    return "not known" if share is None else f"{share:.0%}"


def span(seconds: float) -> str:
    """A length of time in its two largest units: `1 h 5 min`."""
    rest, words = int(seconds), []
    for length, name in STEPS:
        if rest >= length:
            words.append(f"{rest // length} {name}")
            rest %= length
    return " ".join(words[:2]) or f"{rest} s"


def time_left(left: SecondsLeft) -> str:
    """With its error band, in the unit that fits: `about 12 min left (9 to 17)`."""
    length, unit = next(((length, unit) for length, unit in STEPS if left.expected >= 1.5 * length), (1, "s"))
    expected, low, high = (_amount(seconds / length) for seconds in (left.expected, left.low, left.high))
    return f"about {expected} {unit} left ({low} to {high})"


def _amount(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")


def ago(moment: datetime) -> str:
    seconds = (now() - moment).total_seconds()
    if seconds < 0:
        return f"in {span(-seconds)}"
    return "just now" if seconds < 5 else f"{span(seconds)} ago"


def exact(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def visible(text: str) -> str:
    """Text with its control and direction marks made visible, so that it can't pretend to be something else."""
    return "".join(letter if _harmless(letter) else f"\\u{ord(letter):04x}" for letter in text)


def _harmless(letter: str) -> bool:
    return letter in "\n\t" + JOINERS or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def changed(wanted: Mapping[str, Any]) -> str:
    """What somebody changed, in a few words: `status approved, gold star, tags + nursing`."""
    return ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in sorted(wanted.items()))


def _value(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "none" if value is None else str(value).replace("_", " ")
    return text if len(text) <= 40 else f"{text[:40]}…"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "size": size,
    "number": number,
    "many": many,
    "percent": percent,
    "span": span,
    "time_left": time_left,
    "ago": ago,
    "exact": exact,
    "visible": visible,
    "file_id": lambda value: ids.show(ids.FILE, value),
    "batch_id": lambda value: ids.show(ids.BATCH, value),
    "dataset_id": lambda value: ids.show(ids.DATASET, value),
    "example_id": lambda value: ids.show(ids.EXAMPLE, value),
    "change_id": lambda value: ids.show(ids.CHANGE_SET, value),
    "key_id": lambda value: ids.show(ids.KEY, value),
    "audit_id": lambda value: ids.show(ids.AUDIT_ENTRY, value),
    "export_id": lambda value: ids.show(ids.EXPORT, value),
    "run_id": lambda value: ids.show(ids.RUN, value),
    "split_id": lambda value: ids.show(ids.SPLIT, value),
    "snapshot_id": lambda value: ids.show(ids.SNAPSHOT, value),
    "judging_id": lambda value: ids.show(ids.JUDGING, value),
    "queue_id": lambda value: ids.show(ids.QUEUE, value),
    "changed": changed,
    "visible_value": lambda value: visible(_value(value)),
}


def register(app: App) -> None:
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
