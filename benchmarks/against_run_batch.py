"""Our throughput on real vLLM beside that of vLLM's own run_batch: the same requests, model and flags, sides in turn.

Both have their engine loaded. Theirs is timed from the reading of the file until all answers are in the output file;
ours from the start of the batch, when nothing of it is at the engine, until its last answer is saved in PostgreSQL.
Leases, heartbeats and saving as one goes are ours to pay for.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks.figure import Figure
from inference.engines.environment import WORKER_ENVIRONMENT
from schemas import ids
from schemas.errors import BatchNotFound
from schemas.settings import environment_of, settings
from tests.acceptance.batches import lines_of, submit, wait
from tests.models import tiny_llama
from tests.system import System, started

MODEL = "tiny"
ROUNDS = 5
REQUESTS = 1000
FLAGS = {"dtype": "float32", "max_model_len": "1024", "kv_cache_memory_bytes": "256M", "enforce_eager": "true"}
PROMPT = "Is this candidate, who led a team of five and shipped three products, a fit? " * 4
TOOK = "SELECT extract(epoch FROM finalizing_at - in_progress_at)::float FROM batches WHERE id = %s"

Lines = list[dict[str, Any]]
Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Timed:
    seconds: float
    answers: Answers


@dataclass(frozen=True, slots=True)
class Compared:
    """Requests a second, ours over theirs, over the rounds; and how many requests got another answer than theirs."""

    ratios: Sequence[float]
    requests_per_second: float
    different: int
    requests: int

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def figures(scale: float = 1.0) -> list[Figure]:
    with TemporaryDirectory(prefix="vbs-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        unique = unique_prompts(folder, int(REQUESTS * scale))
    beside = (
        f"{ROUNDS} rounds: {min(unique.ratios):.2f} to {max(unique.ratios):.2f}; ours {unique.requests_per_second:.0f}"
        f" requests/s; {unique.different} of {unique.requests} answers differ"
    )
    return [Figure("requests/s against run_batch, unique prompts", unique.ratio, 0.98, "x", beside, at_least=True)]


def unique_prompts(folder: Path, requests: int) -> Compared:
    """Prompts that share nothing, so that there is nothing to gain: what does a batch server cost?"""
    with _rival(folder) as rival, _system(folder) as system:
        # Both get warm before the first round.
        rounds = [_round(number, _unique(number, requests), rival, system) for number in range(ROUNDS + 1)][1:]
    return Compared(
        ratios=[theirs.seconds / ours.seconds for ours, theirs in rounds],
        requests_per_second=requests / statistics.median(ours.seconds for ours, _ in rounds),
        different=sum(_different(ours.answers, theirs.answers) for ours, theirs in rounds),
        requests=requests * ROUNDS,
    )


def _unique(round_: int, requests: int) -> Lines:
    return [_request(f"{round_}-{number}", f"{number} of {round_}: {PROMPT}") for number in range(requests)]


def _request(custom_id: str, prompt: str) -> dict[str, Any]:
    body = {"model": MODEL, "max_tokens": 32, "temperature": 0, "messages": [{"role": "user", "content": prompt}]}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}


def _round(number: int, lines: Lines, rival: "Rival", system: System) -> tuple[Timed, Timed]:
    if number % 2:
        theirs = rival.run(lines)
        return _ours(system, lines), theirs
    return _ours(system, lines), rival.run(lines)


def _different(ours: Answers, theirs: Answers) -> int:
    assert ours.keys() == theirs.keys()
    return sum(ours[custom_id] != theirs[custom_id] for custom_id in ours)


# Ours


@contextmanager
def _system(folder: Path) -> Iterator[System]:
    flags = [f"--engine-arg={name}={value}" for name, value in FLAGS.items()]
    with started(folder / "data", "--engine=vllm", f"--model={MODEL}={tiny_llama()}", *flags) as system:
        yield system


def _ours(system: System, lines: Lines) -> Timed:
    client = system.client()
    ended = wait(client, submit(client, lines), seconds=600)
    assert ended.status == "completed", ended
    with psycopg.connect(system.running.database_url) as connection:
        row = connection.execute(TOOK, [ids.parse(ids.BATCH, ended.id, BatchNotFound)]).fetchone()
    assert row
    return Timed(row[0], _answers(lines_of(client, ended.output_file_id)))


# Theirs


class Rival:
    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._input, self._output = folder / "theirs-in.jsonl", folder / "theirs-out.jsonl"

    def run(self, lines: Lines) -> Timed:
        self._input.write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert self._process.stdin
        self._process.stdin.write(f"{self._input} {self._output}\n")
        self._process.stdin.flush()
        took = float(self.hear("took "))
        return Timed(took, _answers([json.loads(line) for line in self._output.read_text().splitlines()]))

    def hear(self, word: str) -> str:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise RuntimeError("run_batch has ended")


@contextmanager
def _rival(folder: Path) -> Iterator[Rival]:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in FLAGS.items() if value != "true"]
    flags += [f"--{name.replace('_', '-')}" for name, value in FLAGS.items() if value == "true"]
    command = [sys.executable, "-m", "benchmarks.rival", f"--model={tiny_llama()}", f"--served-model-name={MODEL}"]
    process = subprocess.Popen(
        [*command, *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "rival.log").open("w"),
        text=True,
        env=environment_of(settings()) | WORKER_ENVIRONMENT,
    )
    with process:
        rival = Rival(process, folder)
        rival.hear("ready")
        yield rival
        process.terminate()


def _answers(lines: Lines) -> Answers:
    return {line["custom_id"]: line["response"]["body"]["choices"][0]["message"]["content"] for line in lines}
