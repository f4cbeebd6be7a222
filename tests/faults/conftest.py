"""What the runs of the matrix have in common."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.table import Table

REPORT = Path(__file__).parents[2] / ".cache" / "faults.md"


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    """Written down at the end of the run, whatever became of it."""
    table = Table()
    yield table
    REPORT.parent.mkdir(exist_ok=True)
    table.write(REPORT)
