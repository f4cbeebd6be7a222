"""What docs/reliability.md promises has the tests that it names, and its table has every pair."""

import re
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.phases import PHASES, can_meet

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text()


def test_every_test_that_the_page_names_exists() -> None:
    code = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert {name for name in named if f"def {name}(" not in code} == set()


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_the_table_has_a_measured_cell_for_every_pair_that_can_meet() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "| " in line]
    table = {row[0]: row[1:] for row in rows if row[0] in {"fault", *FAULTS}}
    assert table.pop("fault") == list(PHASES)
    assert list(table) == list(FAULTS)
    for fault, cells in table.items():
        for phase, cell in zip(PHASES, cells, strict=True):
            assert float(cell) >= 0 if can_meet(fault, phase) else cell == "-", f"{fault} in {phase}: {cell}"
