"""The side of vLLM's own run_batch, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from benchmarks.sides import Timed, answers_of
from benchmarks.workload import MODEL, Lines, write_requests
from inference.engines.environment import WORKER_ENVIRONMENT
from schemas.settings import environment_of, settings


class RunBatch:
    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._input, self._output = folder / "theirs-in.jsonl", folder / "theirs-out.jsonl"

    def run(self, lines: Lines) -> Timed:
        write_requests(self._input, lines)
        assert self._process.stdin
        self._process.stdin.write(f"{self._input} {self._output}\n")
        self._process.stdin.flush()
        said = orjson.loads(self.hear("ended "))
        answers = answers_of(self._output.read_bytes())
        progress = _done(len(lines), said["waiting"], said["seconds"])
        return Timed(said["seconds"], answers, said["seconds"], progress)

    def hear(self, word: str) -> str:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise RuntimeError("run_batch has ended; rival.log says why")


@contextmanager
def run_batch_of(folder: Path, source: str, flags: Mapping[str, str]) -> Iterator[RunBatch]:
    command = [sys.executable, "-m", "benchmarks.rival", source, MODEL]
    process = subprocess.Popen(
        [*command, *(f"{name}={value}" for name, value in flags.items())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "rival.log").open("w"),
        text=True,
        env=environment_of(settings()) | WORKER_ENVIRONMENT,
    )
    with process:
        try:
            rival = RunBatch(process, folder)
            rival.hear("ready")
            yield rival
        finally:
            # It ends by itself then, and its engine's processes with it. A signal would leave them behind.
            assert process.stdin
            process.stdin.close()


def _done(requests: int, waiting: Sequence[tuple[float, int]], seconds: float) -> list[tuple[float, int]]:
    """All are handed over in the first moment; until then the engine has few of them because few are there."""
    most = max((left for _, left in waiting), default=0)
    full_at = next((at for at, left in waiting if left == most), 0.0)
    return [(at, requests - left) for at, left in waiting if at >= full_at] + [(seconds, requests)]
