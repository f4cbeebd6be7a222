"""The supervisor, with small real processes."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from cli import supervisor
from cli.embedded import private_file
from cli.instance import Instance, Running
from cli.leftovers import end_leftovers, start_time
from cli.processes import Program, spawn, wait_until
from cli.supervisor import Supervisor
from schemas.errors import StartFailed
from tests.full_disk import full_disk

SLEEP = "import time; time.sleep(60)"
SLEEPER = [sys.executable, "-c", SLEEP]
STUBBORN = [sys.executable, "-c", f"import signal; signal.signal(15, signal.SIG_IGN); print('on', flush=True); {SLEEP}"]
WITH_CHILD = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{SLEEP}'])"]


class Watched:
    """A supervisor, what it has said, and what it has started."""

    def __init__(self, folder: Path) -> None:
        self.note = folder / "note"
        self.said: list[str] = []
        self.pids: dict[str, int] = {}
        self.supervisor = Supervisor(folder, self.said.append, self._write)

    @property
    def noted(self) -> dict[str, int]:
        return json.loads(self.note.read_text())

    def _write(self, pids: dict[str, int]) -> None:
        self.pids.update(pids)
        private_file(self.note, json.dumps(pids))


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def tend_for(watched: Watched, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        watched.supervisor.tend()


def tend_until(watched: Watched, condition: object, timeout_seconds: float = 10) -> None:
    assert callable(condition)

    def tend() -> bool:
        watched.supervisor.tend()
        return bool(condition())

    assert wait_until(tend, timeout_seconds)


def test_a_child_that_dies_is_started_again_and_it_says_so(watched: Watched) -> None:
    watched.supervisor.start([Program("sleeper", SLEEPER)])
    first = watched.pids["sleeper"]
    os.kill(first, signal.SIGKILL)
    tend_until(watched, lambda: watched.pids["sleeper"] != first)
    watched.supervisor.stop(["sleeper"])
    assert len(watched.said) == 1
    assert "sleeper was ended by SIGKILL; starting it again" in watched.said[0]


def test_a_child_that_never_comes_up_is_an_error_that_shows_its_last_words(watched: Watched) -> None:
    program = Program("broken", [sys.executable, "-c", "raise SystemExit('the reason')"], is_up=lambda: False)
    watched.supervisor.start([program])
    with pytest.raises(StartFailed, match="the reason"):
        watched.supervisor.wait_until_up([program], 30)


def test_a_child_that_cannot_be_started_at_all_is_an_error_that_names_it(watched: Watched) -> None:
    with pytest.raises(StartFailed, match="child can't be started"), full_disk():
        watched.supervisor.start([Program("child", SLEEPER)])
    watched.supervisor.stop(["child"])


def test_stopping_leaves_neither_stubborn_children_nor_their_children(watched: Watched) -> None:
    programs = [Program("stubborn", STUBBORN, stop_seconds=0.5), Program("parent", WITH_CHILD, stop_seconds=0.5)]
    watched.supervisor.start(programs)
    log = watched.supervisor.log_of(programs[0])
    assert wait_until(lambda: log.read_text() == "on\n", 10)
    parent = psutil.Process(watched.pids["parent"])
    assert wait_until(lambda: len(parent.children()) == 1, 10)
    grandchild = parent.children()[0]
    watched.supervisor.stop(["stubborn", "parent"])
    assert not psutil.pid_exists(watched.pids["stubborn"])
    assert wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE, 5)
    assert watched.said == ["stubborn did not stop by itself and was killed."]


def test_what_a_child_has_started_may_tidy_up_after_it(watched: Watched, tmp_path: Path) -> None:
    tidy = f"import sys, time; sys.stdin.read(); time.sleep(0.1); open({str(tmp_path / 'tidied')!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {tidy!r}], stdin=-1).wait()"
    watched.supervisor.start([Program("parent", [sys.executable, "-c", parent])])
    assert wait_until(lambda: len(psutil.Process(watched.pids["parent"]).children()) == 1, 10)
    watched.supervisor.stop(["parent"])
    assert (tmp_path / "tidied").exists()


def test_stopping_many_takes_no_longer_than_the_slowest(watched: Watched) -> None:
    programs = [Program(f"stubborn{number}", STUBBORN, stop_seconds=1.0) for number in range(3)]
    watched.supervisor.start(programs)
    assert wait_until(lambda: all(watched.supervisor.log_of(p).read_text() for p in programs), 10)
    began = time.monotonic()
    watched.supervisor.stop([program.name for program in programs])
    assert time.monotonic() - began < 2


def test_a_log_that_grows_is_capped(watched: Watched) -> None:
    program = Program("talker", SLEEPER)
    watched.supervisor.start([program])
    log = watched.supervisor.log_of(program)
    log.write_bytes(b"x" * (supervisor.LOG_BYTES + 1))
    watched.supervisor.tend()
    watched.supervisor.stop(["talker"])
    assert log.stat().st_size == 0
    assert log.with_suffix(".log.1").stat().st_size == supervisor.LOG_BYTES + 1


def test_a_log_that_a_full_disk_has_no_copy_of_is_emptied_all_the_same(watched: Watched) -> None:
    program = Program("talker", SLEEPER)
    watched.supervisor.start([program])
    log = watched.supervisor.log_of(program)
    log.write_bytes(b"x" * (supervisor.LOG_BYTES + 1))
    with full_disk(supervisor.LOG_BYTES):
        watched.supervisor.tend()
    watched.supervisor.stop(["talker"])
    assert log.stat().st_size == 0
    assert not log.with_suffix(".log.1").exists()
    assert watched.said == [f"{log} is emptied: there is no room for a copy."]


def test_a_log_that_cannot_be_capped_is_told_once_and_keeps_nothing_from_being_started(watched: Watched) -> None:
    program = Program("talker", SLEEPER)
    watched.supervisor.start([program])
    log, first = watched.supervisor.log_of(program), watched.pids["talker"]
    log.write_bytes(b"x" * (supervisor.LOG_BYTES + 1))
    log.with_suffix(".log.1").mkdir()
    os.kill(first, signal.SIGKILL)
    tend_until(watched, lambda: watched.pids["talker"] != first)
    tend_for(watched, 2)
    log.with_suffix(".log.1").rmdir()
    tend_until(watched, lambda: log.stat().st_size == 0)
    watched.supervisor.stop(["talker"])
    assert sum(line.startswith(f"capping {log} failed") for line in watched.said) == 1
    assert len(watched.said) == 2


def test_on_a_full_disk_what_has_died_is_started_again_and_noted_once_there_is_room(watched: Watched) -> None:
    watched.supervisor.start([Program("sleeper", SLEEPER), Program("other", SLEEPER)])
    first = dict(watched.pids)
    with full_disk():
        os.kill(first["sleeper"], signal.SIGKILL)
        tend_until(watched, lambda: watched.pids["sleeper"] != first["sleeper"])
        tend_for(watched, 2)
        assert watched.noted == first
    tend_until(watched, lambda: watched.noted == watched.pids)
    watched.supervisor.stop(["sleeper", "other"])
    assert watched.pids["other"] == first["other"]
    assert len(watched.said) == 2
    assert watched.said[1].startswith("noting what runs failed and is tried until it works: ")


def test_what_cannot_be_started_is_told_once_and_tried_until_it_can_while_others_are_tended(
    watched: Watched, tmp_path: Path
) -> None:
    folder = tmp_path / "its own"
    folder.mkdir()
    watched.supervisor.start([Program("placed", SLEEPER, cwd=folder), Program("sleeper", SLEEPER)])
    first = dict(watched.pids)
    shutil.rmtree(folder)
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    tend_until(watched, lambda: watched.pids["sleeper"] != first["sleeper"])
    tend_for(watched, 2)
    assert watched.pids["placed"] == first["placed"]
    folder.mkdir()
    tend_until(watched, lambda: watched.pids["placed"] != first["placed"])
    watched.supervisor.stop(["placed", "sleeper"])
    assert sum(line.startswith("starting placed failed and is tried until it works: ") for line in watched.said) == 1
    assert len(watched.said) == 3


def test_a_word_that_finds_no_room_leaves_nothing_running(tmp_path: Path) -> None:
    pids: dict[str, int] = {}

    def say(what: str) -> None:
        with Path("/dev/full").open("w") as full:
            full.write(what)

    ours = Supervisor(tmp_path, say, pids.update)
    programs = [Program(name, STUBBORN, stop_seconds=0.5) for name in ("one", "another")]
    ours.start(programs)
    assert wait_until(lambda: all(ours.log_of(program).read_text() for program in programs), 10)
    ours.stop(["one", "another"])
    assert not any(psutil.pid_exists(pid) for pid in pids.values())


def test_a_child_may_be_ended_by_a_signal_without_a_name(watched: Watched) -> None:
    watched.supervisor.start([Program("sleeper", SLEEPER)])
    os.kill(watched.pids["sleeper"], signal.SIGRTMIN + 1)
    tend_until(watched, lambda: watched.said)
    watched.supervisor.stop(["sleeper"])
    assert watched.said[0].startswith(f"sleeper was ended by signal {signal.SIGRTMIN + 1};")


def test_one_folder_is_held_by_one_system(tmp_path: Path) -> None:
    with Instance(tmp_path).hold() as instance:
        instance.write(Running(pid=os.getpid()))
        with pytest.raises(StartFailed, match=f"in use by process {os.getpid()}"), Instance(tmp_path).hold():
            pass
    assert not Instance(tmp_path).is_held
    with Instance(tmp_path).hold():
        pass


def test_leftovers_are_told_from_strangers_by_their_start_time(tmp_path: Path) -> None:
    ours, stranger = (spawn(Program("sleeper", SLEEPER), tmp_path / "log") for _ in range(2))
    noted = {"ours": (ours.pid, start_time(ours.pid)), "stranger": (stranger.pid, start_time(stranger.pid) - 5)}
    try:
        assert end_leftovers(noted) == ["ours"]
        assert not psutil.pid_exists(ours.pid)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
