"""A database that is away for longer than any lease lasts."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.faults.faults import set_read_only
from tests.faults.journey import Journey, wait
from tests.faults.receiver import receiving
from tests.faults.rig import SETTINGS, Rig, running_rig

LEASE_SECONDS = 3
OUTAGE_SECONDS = 3 * LEASE_SECONDS


@pytest.fixture(scope="module")
def rig(server_dir: Path) -> Iterator[Rig]:
    settings = SETTINGS | {"VBS_LEASE_SECONDS": str(LEASE_SECONDS), "VBS_SWEEP_SECONDS": "1"}
    with running_rig(server_dir / "outage", settings=settings) as rig:
        yield rig


def freeze(rig: Rig) -> None:
    """Connections stay open, and nothing comes back on them."""
    # Each server process leads a group of its own.
    postmaster = psutil.Process(rig.process_group("postgres"))
    processes = [postmaster, *postmaster.children()]
    _signal(processes, signal.SIGSTOP)
    time.sleep(OUTAGE_SECONDS)
    _signal(processes, signal.SIGCONT)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def refuse_writes(rig: Rig) -> None:
    set_read_only(rig, "on")
    time.sleep(OUTAGE_SECONDS)
    set_read_only(rig, "off")


@pytest.mark.parametrize("outage", [freeze, refuse_writes])
def test_a_worker_keeps_its_chunk_and_what_it_has_finished_over_an_outage(
    outage: Callable[[Rig], None], rig: Rig
) -> None:
    before = rig.journal_size
    with receiving() as receiver:
        receiver.release()
        journey = Journey(rig, {}, receiver)
        journey.create(journey.upload())
        wait(lambda: journey.tables.answered() >= journey.lines // 3, "answers")
        outage(rig)
        wait(lambda: journey.tables.status() == "completed", "end")
        wait(lambda: bool(receiver.received), "webhook")
        journey.check()
    asked_again = {body: times for body, times in Counter(rig.answered_since(before)).items() if times > 1}
    assert not asked_again
