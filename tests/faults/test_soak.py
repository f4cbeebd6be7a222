"""Faults at random while a batch runs: `make soak MINUTES=30 SEED=7` is long, the run of all tests has a short one."""

import random
import time
from pathlib import Path

import pytest

from tests.faults.faults import FAULTS
from tests.faults.journey import Journey, wait
from tests.faults.receiver import receiving
from tests.faults.rig import Rig, running_rig

# The whole of what is promised: a hundred faults over twenty thousand requests.
LINES, FAULT_COUNT = 20_000, 100
SHORT_LINES, SHORT_FAULT_COUNT = 4_000, 20
END_SECONDS = 120


def test_faults_at_random_change_nothing_of_a_batch(server_dir: Path, request: pytest.FixtureRequest) -> None:
    minutes, seed = request.config.getoption("soak_minutes"), request.config.getoption("seed")
    with running_rig(server_dir / "soak", "--workers=2", latency_ms=100) as rig:
        if not minutes:
            return soak(rig, seed, SHORT_LINES, SHORT_FAULT_COUNT)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            soak(rig, seed, LINES, FAULT_COUNT)
            seed += 1
    return None


def soak(rig: Rig, seed: int, lines: int, fault_count: int) -> None:
    """Strike at places of the batch that the seed decides, so that a run that failed can be played again."""
    chance = random.Random(seed)
    places = sorted(chance.randrange(lines * 9 // 10) for _ in range(fault_count))
    began = time.monotonic()
    with receiving() as receiver:
        receiver.release()
        journey = Journey(rig, {}, receiver, lines)
        journey.create(journey.upload())
        for place in places:
            fault = chance.choice(list(FAULTS))
            wait(lambda place=place: journey.tables.answered() >= place, f"answer {place}, seed {seed}")  # type: ignore[misc]
            journey.strike(fault)
        wait(lambda: journey.tables.status() == "completed", f"end, seed {seed}", END_SECONDS)
        wait(lambda: bool(receiver.received), f"webhook, seed {seed}", END_SECONDS)
        journey.check()
    print(f"seed {seed}: {fault_count} faults, {lines} lines, {time.monotonic() - began:.0f} s")  # noqa: T201
