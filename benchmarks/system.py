"""Watching a running system from outside: its memory, and how quickly it answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.system import System

# Servers that are not ours are shown, but the limits on memory are for our own processes.
NOT_OURS = {"postgres", "valkey"}


@contextmanager
def watched_memory(system: System) -> Iterator[dict[str, int]]:
    """The largest single process under each name so far: gunicorn's master and workers count one by one."""
    peaks: dict[str, int] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(system, peaks, stop), daemon=True)
    watcher.start()
    yield peaks
    stop.set()
    watcher.join()


def _watch(system: System, peaks: dict[str, int], stop: threading.Event) -> None:
    while not stop.wait(0.2):
        for name, (pid, _) in system.running.processes.items():
            try:
                parent = psutil.Process(pid)
                sizes = [one.memory_info().rss for one in [parent, *parent.children(recursive=True)]]
            except psutil.NoSuchProcess:
                continue
            peaks[name] = max(peaks.get(name, 0), *sizes)


class Polling:
    """Asks for a batch again and again, as its owner would, and keeps the times."""

    def __init__(self, system: System, batch_id: str) -> None:
        self.seconds: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, args=(system, batch_id), daemon=True)
        self._thread.start()

    def _poll(self, system: System, batch_id: str) -> None:
        with system.http() as client:
            while not self._stop.wait(0.05):
                began = time.perf_counter()
                client.get(f"/v1/batches/{batch_id}").raise_for_status()
                self.seconds.append(time.perf_counter() - began)

    def end(self) -> list[float]:
        self._stop.set()
        self._thread.join()
        return sorted(self.seconds)
