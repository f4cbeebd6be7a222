"""A whole system for a benchmark: `vbs up` on a folder of its own, watched from outside."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from cli.embedded import free_port
from cli.instance import Instance, Running

# Servers that are not ours are shown, but the limit on memory is for our own processes.
NOT_OURS = {"postgres", "valkey"}


@dataclass
class System:
    running: Running
    key: str
    peak_bytes: dict[str, int] = field(default_factory=dict)

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.running.api_url, headers=headers, timeout=120)


@contextmanager
def started(folder: Path, *options: str) -> Iterator[System]:
    ports = [f"--{name}={free_port()}" for name in ("port", "ui-port", "flower-port")]
    command = [sys.executable, "-m", "cli", "up", "--data", str(folder), *ports, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("ready"):
                break
        instance = Instance(folder)
        running, key = instance.running(), instance.first_key
        assert running and key, f"the system did not start: see {instance.logs}"
        system = System(running, key)
        stop = threading.Event()
        watcher = threading.Thread(target=_watch_memory, args=(system, stop), daemon=True)
        watcher.start()
        yield system
        stop.set()
        watcher.join()
    finally:
        process.terminate()
        process.wait(60)


def _watch_memory(system: System, stop: threading.Event) -> None:
    """The largest single process under each name: gunicorn's master and workers count one by one."""
    while not stop.wait(0.2):
        for name, (pid, _) in system.running.processes.items():
            try:
                parent = psutil.Process(pid)
                sizes = [one.memory_info().rss for one in [parent, *parent.children(recursive=True)]]
            except psutil.NoSuchProcess:
                continue
            system.peak_bytes[name] = max(system.peak_bytes.get(name, 0), *sizes)


class Polling:
    """Asks for a batch again and again, as its owner would, and keeps the times."""

    def __init__(self, system: System, batch_id: str) -> None:
        self.seconds: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, args=(system, batch_id), daemon=True)
        self._thread.start()

    def _poll(self, system: System, batch_id: str) -> None:
        with system.client() as client:
            while not self._stop.wait(0.05):
                began = time.perf_counter()
                client.get(f"/v1/batches/{batch_id}").raise_for_status()
                self.seconds.append(time.perf_counter() - began)

    def end(self) -> list[float]:
        self._stop.set()
        self._thread.join()
        return sorted(self.seconds)
