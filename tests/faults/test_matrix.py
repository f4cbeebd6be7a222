"""Every phase of a batch times every fault, on real processes.

The run of all tests plays each pair once, nine to a batch; `make faults` plays each by itself.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.faults.faults import FAULTS
from tests.faults.journey import PHASES, Journey, prepare
from tests.faults.receiver import receiving
from tests.faults.rig import Rig, running_rig
from tests.faults.table import Table

FAULT_NAMES = list(FAULTS)
# Faults are mostly waited for, so systems side by side take little longer than one.
SIDE_BY_SIDE = 2


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


@pytest.mark.timeout(900)
def test_batches_with_a_fault_in_every_phase_end_as_if_nothing_had_been(server_dir: Path, table: Table) -> None:
    """In each batch every phase has the next fault, so that all pairs come up once."""
    rigs: SimpleQueue[Rig] = SimpleQueue()

    def play_shifted(shift: int) -> None:
        plan = {phase: FAULT_NAMES[(shift + place) % len(FAULT_NAMES)] for place, phase in enumerate(PHASES)}
        rig = rigs.get()
        try:
            play(rig, plan, table)
        finally:
            rigs.put(rig)

    with ExitStack() as systems, ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        for number in range(SIDE_BY_SIDE):
            rig = systems.enter_context(running_rig(server_dir / f"cover{number}"))
            prepare(rig)
            rigs.put(rig)
        batches = [threads.submit(play_shifted, shift) for shift in range(len(FAULT_NAMES))]
        failures = {shift: error for shift, batch in enumerate(batches) if (error := batch.exception())}
    assert not failures


@pytest.mark.every_cell
@pytest.mark.parametrize("fault", FAULT_NAMES)
@pytest.mark.parametrize("phase", PHASES)
def test_a_batch_with_one_fault_ends_as_if_nothing_had_been(phase: str, fault: str, rig: Rig, table: Table) -> None:
    play(rig, {phase: fault}, table)
