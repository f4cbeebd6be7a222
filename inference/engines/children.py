"""The processes that an engine has started from this one, and what those have started."""

import multiprocessing
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import psutil

POLL_SECONDS: Final = 0.02


def started() -> list[psutil.Process]:
    return [process for child in multiprocessing.active_children() for process in _family(child.pid)]


def kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def wait_for_end(processes: Iterable[psutil.Process], timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    for process in processes:
        while _lives(process) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def _family(pid: int | None) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _lives(process: psutil.Process) -> bool:
    """One that has ended and that nobody has asked about, a zombie, has given back its memory all the same."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
