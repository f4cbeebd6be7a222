"""Keeps a table of processes running, in the thread that started them, and ends them in order."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from cli.embedded import tail
from cli.processes import Program, end, kill_group, spawn
from cli.setbacks import Setbacks, pause_seconds
from schemas.errors import StartFailed

# One that ran this long has recovered: its next end counts as the first.
RECOVERED_SECONDS: Final = 20.0
# One that ends this often before it was ever up will not come up.
MOST_FALSE_STARTS: Final = 3
TICK_SECONDS: Final = 0.1
# How often somebody who waits hears what for.
NEWS_SECONDS: Final = 15.0
LOG_BYTES: Final = 20 * 1024 * 1024


class Stopped(Exception):
    """Somebody wants the system to end."""


@dataclass(slots=True)
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)
    was_up: bool = False
    ends: int = 0
    restart_at: float | None = None


class Supervisor:
    def __init__(self, logs: Path, say: Callable[[str], None], changed: Callable[[dict[str, int]], None]) -> None:
        self._logs = logs
        self._announce = say
        self._changed = changed
        self._children: dict[str, Child] = {}
        self._setbacks = Setbacks(self._say)
        self._is_news = False
        self._stop_wanted = False

    def listen_for_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._want_stop)

    def start(self, programs: Iterable[Program]) -> None:
        try:
            for program in programs:
                self._children[program.name] = Child(program, spawn(program, self.log_of(program)))
            self._tell()
        except OSError as error:
            raise StartFailed(f"{program.name} can't be started: {error}") from error

    def wait_until_up(self, programs: Sequence[Program], timeout_seconds: float) -> None:
        """Return when all of them answer; raise when one won't, or when somebody wants the system to end."""
        began = time.monotonic()
        deadline, next_word = began + timeout_seconds, began + NEWS_SECONDS
        waiting = [self._children[program.name] for program in programs]
        while waiting:
            self.tend()
            if time.monotonic() > next_word:
                self._say(f"waiting for {', '.join(child.program.name for child in waiting)} ...")
                next_word += NEWS_SECONDS
            for child in waiting:
                child.was_up = child.process.poll() is None and child.program.is_up()
                if not child.was_up and child.ends >= MOST_FALSE_STARTS:
                    raise self._failure(child.program, "ends as soon as it is started")
            waiting = [child for child in waiting if not child.was_up]
            if waiting and time.monotonic() > deadline:
                raise self._failure(waiting[0].program, f"is not up after {timeout_seconds:.0f} seconds")

    def tend_for_ever(self) -> None:
        while True:
            self.tend()

    def tend(self) -> None:
        """One look at everything: restart what has died, cap the logs, notice that the end is wanted.

        What the machine refuses, as on a full disk, ends nothing that runs.
        """
        for child in self._children.values():
            self._tend(child)
        if self._is_news:
            self._setbacks.attempt("noting what runs", self._tell)
        time.sleep(TICK_SECONDS)
        if self._stop_wanted:
            raise Stopped

    def stop(self, names: Iterable[str]) -> None:
        """End some of the children side by side."""
        children = [self._children.pop(name) for name in names if name in self._children]
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(child.program.stop_signal)
        asked_at = time.monotonic()
        for child in children:
            patience_seconds = asked_at + child.program.stop_seconds - time.monotonic()
            if not end(child.process, max(0.0, patience_seconds)):
                self._say(f"{child.program.name} did not stop by itself and was killed.")

    @property
    def names(self) -> list[str]:
        return list(self._children)

    def log_of(self, program: Program) -> Path:
        return self._logs / f"{program.name}.log"

    def _tend(self, child: Child) -> None:
        now, log = time.monotonic(), self.log_of(child.program)
        self._setbacks.attempt(f"capping {log}", partial(self._cap, log))
        if child.restart_at is not None:
            if now >= child.restart_at:
                self._setbacks.attempt(f"starting {child.program.name}", partial(self._restart, child))
        elif child.process.poll() is not None:
            self._note_end(child, now)

    def _cap(self, log: Path) -> None:
        """Keep one older file. The process appends to the file it holds open, so that one is emptied, not replaced."""
        if log.exists() and log.stat().st_size > LOG_BYTES:
            is_kept = _copied(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
            if not is_kept:
                self._say(f"{log} is emptied: there is no room for a copy.")

    def _note_end(self, child: Child, now: float) -> None:
        kill_group(child.process.pid)
        child.ends = 1 if now - child.started_at > RECOVERED_SECONDS else child.ends + 1
        pause = pause_seconds(child.ends)
        child.restart_at = now + pause
        name, how = child.program.name, _how(child.process.returncode)
        self._say(f"{name} {how}; starting it again in {pause:g} s. See {self.log_of(child.program)}")

    def _restart(self, child: Child) -> None:
        child.process = spawn(child.program, self.log_of(child.program))
        child.started_at, child.restart_at = time.monotonic(), None
        self._is_news = True

    def _tell(self) -> None:
        self._changed({name: child.process.pid for name, child in self._children.items()})
        self._is_news = False

    def _say(self, what: str) -> None:
        # The terminal may be gone, or what stands in for it may be a file on the full disk.
        with suppress(OSError):
            self._announce(what)

    def _failure(self, program: Program, why: str) -> StartFailed:
        log = self.log_of(program)
        return StartFailed(f"{program.name} {why}. The end of {log}:\n{tail(log)}")

    def _want_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_wanted = True


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"ended with status {returncode}"
    number = -returncode
    return f"was ended by {signal.Signals(number).name if number in set(signal.Signals) else f'signal {number}'}"


def _copied(log: Path, older: Path) -> bool:
    try:
        shutil.copyfile(log, older)
    except OSError:
        older.unlink(missing_ok=True)
        return False
    return True
