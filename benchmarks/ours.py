"""Our side: a batch in a running system, sent with HTTP and timed by the system's own record."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from benchmarks import client
from benchmarks.sides import Timed, answers_of
from benchmarks.workload import MODEL, Lines, write_requests
from schemas import ids
from schemas.errors import BatchNotFound
from tests.system import System, started

# Progress is saved once a second; to ask more often would only cost our side.
LOOK_SECONDS = 0.5
# From `in_progress_at`, when nothing is at the engine yet, to `finalizing_at`, when all answers are saved.
TIMES = """
    SELECT extract(epoch FROM in_progress_at)::float,
           extract(epoch FROM finalizing_at - in_progress_at)::float,
           extract(epoch FROM ended_at - created_at)::float
    FROM batches WHERE id = %s
"""


class _Times(NamedTuple):
    began: float
    seconds: float
    whole_seconds: float


class Ours:
    def __init__(self, system: System, folder: Path) -> None:
        self._system = system
        self._input = folder / "ours-in.jsonl"

    def run(self, lines: Lines) -> Timed:
        seen: list[tuple[float, int]] = []

        def look(batch: client.Batch) -> None:
            seen.append((time.time(), batch["request_counts"]["completed"]))

        with self._system.http() as http:
            batch_id = client.create(http, client.upload(http, write_requests(self._input, lines)))
            ended = client.wait(http, batch_id, look, LOOK_SECONDS)
            output = http.get(f"/v1/files/{ended['output_file_id']}/content").raise_for_status().content
        times = self._times(batch_id)
        progress = [(at - times.began, done) for at, done in seen if 0 <= at - times.began < times.seconds]
        return Timed(times.seconds, answers_of(output), times.whole_seconds, [*progress, (times.seconds, len(lines))])

    def _times(self, batch_id: str) -> _Times:
        with psycopg.connect(self._system.running.database_url) as connection:
            row = connection.execute(TIMES, [ids.parse(ids.BATCH, batch_id, BatchNotFound)]).fetchone()
        assert row
        return _Times(*row)


@contextmanager
def system_of(folder: Path, engine: str, source: str, *options: str) -> Iterator[Ours]:
    """A system of its own that serves one model under the name that all the workloads ask for."""
    with started(folder / "data", f"--engine={engine}", f"--model={MODEL}={source}", *options) as system:
        yield Ours(system, folder)
