"""Ending what a killed system has left behind, recognised by process id and start time."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress

import psutil

PATIENCE_SECONDS = 5.0
# The kernel counts start times in hundredths of a second.
SAME_START_SECONDS = 0.05


def start_time(pid: int) -> float:
    """0 when the process has ended already."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0


def end_leftovers(processes: Mapping[str, tuple[int, float]]) -> list[str]:
    """End those of the noted processes that still run; the databases are asked last, and get time to write."""
    left = {
        name: pid for name, (pid, started) in processes.items() if abs(start_time(pid) - started) < SAME_START_SECONDS
    }
    names = sorted(left, key=lambda name: name in ("valkey", "postgres"))
    for name in names:
        _end(left[name], signal.SIGINT if name == "postgres" else signal.SIGTERM)
    return names


def _end(pid: int, stop_signal: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        process = psutil.Process(pid)
        process.send_signal(stop_signal)
        process.wait(PATIENCE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
