"""`vbs up` as a user runs it: a process of its own, on a folder and ports of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from cli.processes import wait_until

ROOT = Path(__file__).parents[2]
START_SECONDS = 120
STOP_SECONDS = 15
FREE_PORTS = ("--port", "0", "--ui-port", "0", "--flower-port", "0")


class Up:
    """A running `vbs up`, and everything it has printed until `ready`."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.process = start("up", "--data", str(data), "--engine", "stub", *options)
        self.printed = list(self._until_ready())
        self.addresses = dict(re.findall(r"(\w+) (http://\S+)", self.printed[-1]))
        self.processes = psutil.Process(self.process.pid).children(recursive=True)

    def _until_ready(self) -> Iterator[str]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield line
            if line.startswith("ready"):
                return
        raise AssertionError(self.process.communicate()[1])

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> float:
        """End it, and say how long that took."""
        began = time.monotonic()
        self.process.send_signal(with_signal)
        self.process.communicate(timeout=60)
        return time.monotonic() - began

    @property
    def left(self) -> list[psutil.Process]:
        return [process for process in self.processes if process.is_running()]


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "cli", *words]
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**env, "PYTHONPATH": str(ROOT)}
    )


def vbs(*words: str) -> tuple[int, str, str]:
    process = start(*words)
    out, errors = process.communicate(timeout=120)
    return process.returncode, out, errors


@contextmanager
def up(data: Path, *options: str) -> Iterator[Up]:
    system = Up(data, *(options or FREE_PORTS))
    try:
        yield system
    finally:
        if system.process.poll() is None:
            system.stop()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vbs-tests-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def batch_file(folder: Path, count: int) -> Path:
    file = folder / "batch.jsonl"
    body = {"model": "stub-model", "messages": [{"role": "user", "content": "hello"}]}
    lines = (
        {"custom_id": f"line-{n}", "method": "POST", "url": "/v1/chat/completions", "body": body} for n in range(count)
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_everything_starts_serves_stops_and_finds_its_data_again(folder: Path) -> None:
    data = folder / "data"
    with up(data) as first:
        assert "first API key" in first.printed[0]
        assert (data / "first-key").stat().st_mode & 0o777 == 0o600
        assert all(child.stat().st_mode & 0o077 == 0 for child in data.iterdir())
        # What it says may be a second old, from before the worker was ready.
        assert wait_until(lambda: httpx.get(f"{first.addresses['API']}/health").json()["status"] == "ok", 5)
        assert httpx.get(first.addresses["UI"], follow_redirects=True).status_code == 200
        assert httpx.get(first.addresses["Flower"]).status_code == 200

        code, batch_id, errors = vbs("batch", "submit", str(batch_file(folder, 20)), "--watch", "--data", str(data))
        assert code == 0, errors

        found = json.loads(vbs("status", "--json", "--data", str(data))[1])
        assert found["ready"]
        assert {process["name"] for process in found["processes"] if process["running"]} == {
            "postgres", "valkey", "api", "ui", "flower", "beat", "cpu", "gpu0",
        }  # fmt: skip

        assert first.stop() < STOP_SECONDS
        assert first.process.returncode == 0
        assert first.left == []
    with up(data) as second:
        assert second.printed == second.printed[-1:], "no second first key"
        code, lines, _ = vbs("batch", "results", batch_id.strip(), "--data", str(data))
        assert code == 0
        assert len(lines.splitlines()) == 20


def test_a_bad_file_fails_with_its_line_numbers(folder: Path) -> None:
    file = batch_file(folder, 1)
    file.write_text(file.read_text() + '{"broken\n')
    with up(folder / "data"):
        code, _, errors = vbs("batch", "submit", str(file), "--watch", "--data", str(folder / "data"))
        assert code == 1
        assert "line 2: " in errors


def test_two_run_side_by_side_and_one_folder_takes_one(folder: Path) -> None:
    with up(folder / "one") as one, up(folder / "two") as two:
        assert set(one.addresses.values()).isdisjoint(two.addresses.values())
        code, _, errors = vbs("up", "--data", str(folder / "one"), "--engine", "stub", *FREE_PORTS)
        assert code == 1
        assert f"in use by process {one.process.pid}" in errors


def test_a_taken_port_is_named_with_its_option_before_anything_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as api, socket.create_server(("127.0.0.1", 0)) as flower:
        ports = [str(server.getsockname()[1]) for server in (api, flower)]
        options = ["--port", ports[0], "--ui-port", "0", "--flower-port", ports[1]]
        code, out, errors = vbs("up", "--data", str(folder / "data"), "--engine", "stub", *options)
    assert (code, out) == (1, "")
    assert f"Port {ports[0]} is taken; choose another with --port." in errors
    assert f"Port {ports[1]} is taken; choose another with --flower-port." in errors
    assert not (folder / "data" / "postgres").exists()


def test_a_killed_one_leaves_nothing_running_and_the_next_finds_its_data(folder: Path) -> None:
    data = folder / "data"
    with up(data) as first:
        _, batch_id, _ = vbs("batch", "submit", str(batch_file(folder, 5)), "--watch", "--data", str(data))
        first.stop(signal.SIGKILL)
        assert wait_until(lambda: first.left == [], STOP_SECONDS)
    with up(data):
        assert len(vbs("batch", "results", batch_id.strip(), "--data", str(data))[1].splitlines()) == 5


def test_a_worker_that_is_killed_comes_back(folder: Path) -> None:
    with up(folder / "data") as system:
        found = json.loads(vbs("status", "--json", "--data", str(folder / "data"))[1])
        (pid,) = (process["pid"] for process in found["processes"] if process["name"] == "gpu0")
        os.kill(pid, signal.SIGKILL)
        code, _, errors = vbs("batch", "submit", str(batch_file(folder, 5)), "--watch", "--data", str(folder / "data"))
        assert code == 0, errors
        assert system.process.stdout is not None
        assert "gpu0 was ended by SIGKILL; starting it again" in system.process.stdout.readline()


def test_down_stops_it(folder: Path) -> None:
    with up(folder / "data") as system:
        assert vbs("down", "--data", str(folder / "data"))[:2] == (0, "stopped\n")
        assert system.process.wait(5) == 0
        assert system.left == []
    assert vbs("status", "--data", str(folder / "data"))[0] == 1
