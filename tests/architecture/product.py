"""What the checks of the code's shape look at."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "plugins", "inference", "curation", "tasks", "webapi", "integrations", "cli", "migrations")


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))
