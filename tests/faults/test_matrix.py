"""Every phase of a batch times every fault, on real processes.

The run of all tests plays each pair once, nine to a batch; `make faults` plays each by itself.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.faults.faults import FAULTS
from tests.faults.hold import prepare
from tests.faults.journey import Journey
from tests.faults.phases import PHASES
from tests.faults.receiver import receiving
from tests.faults.rig import Rig, running_rig
from tests.faults.table import Table

FAULT_NAMES = list(FAULTS)
# Faults are mostly waited for, so systems side by side take little longer than one.
SIDE_BY_SIDE = 2

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def rigs(server_dir: Path) -> Iterator[SimpleQueue[Rig]]:
    """Whole systems; who takes one puts it back."""
    rigs: SimpleQueue[Rig] = SimpleQueue()
    with ExitStack() as systems:
        for number in range(SIDE_BY_SIDE):
            rig = systems.enter_context(running_rig(server_dir / f"matrix{number}"))
            prepare(rig)
            rigs.put(rig)
        yield rigs


def play_all(plans: Mapping[str, Mapping[str, str]], rigs: SimpleQueue[Rig], table: Table) -> None:
    """Play a batch for each plan, and say of each that failed which one it was."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        batches = {name: threads.submit(play, plan, rigs, table) for name, plan in plans.items()}
    failures = [error for name, batch in batches.items() if (error := error_of(name, batch))]
    if failures:
        raise BaseExceptionGroup("a batch did not end as if nothing had been", failures)


def play(plan: Mapping[str, str], rigs: SimpleQueue[Rig], table: Table) -> None:
    rig = rigs.get()
    try:
        with receiving() as receiver:
            journey = Journey(rig, plan, receiver)
            journey.travel()
    finally:
        rig.withdraw_order()
        rigs.put(rig)
    table.note(plan, journey.recoveries)


def error_of(name: str, batch: Future[None]) -> BaseException | None:
    error = batch.exception()
    if error is not None:
        error.add_note(name)
    return error


def test_batches_with_a_fault_in_every_phase_end_as_if_nothing_had_been(rigs: SimpleQueue[Rig], table: Table) -> None:
    """In each batch every phase has the next fault, so that all pairs come up once."""
    plans = (
        {phase: FAULT_NAMES[(shift + place) % len(FAULT_NAMES)] for place, phase in enumerate(PHASES)}
        for shift in range(len(FAULT_NAMES))
    )
    play_all({str(plan): plan for plan in plans}, rigs, table)


@pytest.mark.every_cell
@pytest.mark.parametrize("phase", PHASES)
def test_a_batch_with_one_fault_in_a_phase_ends_as_if_nothing_had_been(
    phase: str, rigs: SimpleQueue[Rig], table: Table
) -> None:
    play_all({f"{fault} in {phase}": {phase: fault} for fault in FAULT_NAMES}, rigs, table)
