"""A whole system, as `vbs up` starts it, on a folder and ports of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import httpx
from openai import OpenAI

from cli.embedded import free_port
from cli.instance import Instance, Running

STOP_SECONDS = 60


@dataclass(frozen=True)
class System:
    running: Running
    key: str

    @property
    def base_url(self) -> str:
        return f"{self.running.api_url}/v1"

    def client(self, key: str | None = None) -> OpenAI:
        return OpenAI(api_key=key or self.key, base_url=self.base_url, max_retries=0, timeout=120)

    def http(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.running.api_url, headers=headers, timeout=120)


@contextmanager
def started(folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[System]:
    ports = [f"--{name}={free_port()}" for name in ("port", "ui-port", "flower-port")]
    command = [sys.executable, "-m", "cli", "up", "--data", str(folder), *ports, *options]
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=inherited | dict(environment or {}))
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("ready"):
                break
        instance = Instance(folder)
        running, key = instance.running(), instance.first_key
        assert running and key, f"the system did not start: {''.join(said)}"
        # Read on: a supervisor that has much to say would wait for ever at a full pipe.
        Thread(target=process.stdout.read, daemon=True).start()
        yield System(running, key)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
