"""What a child process is, how it is started and how it is ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LAUNCH: Final = Path(__file__).with_name("launch.py")
# What a process has started may tidy up after it: Python's resource tracker removes shared memory.
TIDY_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the process table."""

    name: str
    argv: list[str]
    # None: what this process has.
    env: Mapping[str, str] | None = None
    is_up: Callable[[], bool] = lambda: True
    # The signal that makes it end in an orderly way.
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    nice: int = 0
    user: str = ""
    cwd: Path | None = None


def spawn(program: Program, log: Path) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C at the terminal reaches only the supervisor.

    It ends when this thread's process ends, however that happens: call it from the main thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    wrapper = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(program.stop_signal))]
    command = [*wrapper, str(program.nice), program.user, "--", *program.argv]
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=program.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=program.cwd,
        )


def stop(process: subprocess.Popen[bytes], program: Program) -> bool:
    """Ask a process to end, and see to it. False when it had to be killed."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
    return end(process, program.stop_seconds)


def end(process: subprocess.Popen[bytes], timeout_seconds: float) -> bool:
    """See to it that a process which was asked to end does, with everything it started."""
    orderly = _wait(process, timeout_seconds)
    if orderly:
        wait_until(lambda: not _group_lives(process.pid), TIDY_SECONDS)
    kill_group(process.pid)
    process.wait()
    return orderly


def wait_until(condition: Callable[[], bool], timeout_seconds: float, every_seconds: float = 0.05) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(every_seconds)
    return condition()


def _wait(process: subprocess.Popen[bytes], timeout_seconds: float) -> bool:
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def kill_group(group: int) -> None:
    """A child leads its own group: what is left of the group has outlived it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
