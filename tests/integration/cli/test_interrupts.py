"""Ctrl-C at every moment of a command."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli.processes import wait_until

ROOT = Path(__file__).parents[3]
INTERRUPTED = 130


def imports(process: psutil.Process) -> bool:
    """It has begun to load the libraries that the commands need. Others may be preloaded: vLLM asks for that."""
    return "psycopg_binary" in Path(f"/proc/{process.pid}/maps").read_text()


def starts_the_database(process: psutil.Process) -> bool:
    return bool(process.children())


@pytest.mark.parametrize("moment", [imports, starts_the_database])
def test_an_interrupted_command_ends_quietly_and_leaves_no_process(
    moment: Callable[[psutil.Process], bool], open_folder: Path
) -> None:
    command = [sys.executable, "-m", "cli", "key", "create", "--name", "n", "--data", str(open_folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        us = psutil.Process(process.pid)
        assert wait_until(lambda: moment(us), 30, every_seconds=0.005)
        started = us.children()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (INTERRUPTED, b""), errors.decode()
    assert b"Traceback" not in errors
    assert wait_until(lambda: not any(child.is_running() for child in started), 10)
