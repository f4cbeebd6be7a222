"""Every phase of a batch times every fault, on real processes.

`make faults` plays each pair by itself; the run of all tests plays each of them too, nine to a batch.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.faults import FAULTS
from tests.faults.journey import PHASES, Journey, prepare
from tests.faults.receiver import receiving
from tests.faults.rig import Rig, running_rig
from tests.faults.table import Table

FAULT_NAMES = list(FAULTS)


@pytest.fixture(scope="module")
def rig(server_dir: Path) -> Iterator[Rig]:
    with running_rig(server_dir / "matrix") as rig:
        prepare(rig)
        yield rig


def play(rig: Rig, plan: dict[str, str], table: Table) -> None:
    with receiving() as receiver:
        journey = Journey(rig, plan, receiver)
        journey.travel()
    table.note(plan, journey.recoveries)


@pytest.mark.parametrize("shift", range(len(FAULT_NAMES)))
def test_a_batch_with_a_fault_in_every_phase_ends_as_if_nothing_had_been(shift: int, rig: Rig, table: Table) -> None:
    """Each time every phase has the next fault, so that all pairs come up once."""
    plan = {phase: FAULT_NAMES[(shift + place) % len(FAULT_NAMES)] for place, phase in enumerate(PHASES)}
    play(rig, plan, table)


@pytest.mark.every_cell
@pytest.mark.parametrize("fault", FAULT_NAMES)
@pytest.mark.parametrize("phase", PHASES)
def test_a_batch_with_one_fault_ends_as_if_nothing_had_been(phase: str, fault: str, rig: Rig, table: Table) -> None:
    play(rig, {phase: fault}, table)
