"""A batch of a million requests beside batches of 100,000: does a request cost more in it, and does memory grow?

From the first byte of the upload to the last line of the output, through the Uploads API, on the stub engine.
"""

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import client, workload
from benchmarks.asked import Asked
from benchmarks.figure import Figure
from benchmarks.system import NOT_OURS, watched_memory
from tests.system import System, started

SMALL, LARGE = 100_000, 1_000_000
WARM_UP = 20_000
LINE_BYTES = 300
GOAL = 1.1
MOST_GROWTH_MB = 64
# A million takes long enough to need no rounds; what it is compared with has some.
MOST_ROUNDS = 3


def figures(asked: Asked) -> list[Figure]:
    options = ("--engine=stub", f"--model={workload.MODEL}={workload.MODEL}")
    with TemporaryDirectory(prefix="vbs-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with started(folder / "data", *options) as system, watched_memory(system) as peaks:
            _seconds_each(system, folder, asked.scaled(WARM_UP))
            rounds = min(asked.rounds, MOST_ROUNDS)
            small = [_seconds_each(system, folder, asked.scaled(SMALL)) for _ in range(rounds)]
            before = dict(peaks)
            large = _seconds_each(system, folder, asked.scaled(LARGE))
    return [_slower(small, large), _growth(before, peaks)]


def _slower(small: list[float], large: float) -> Figure:
    usual = statistics.median(small)
    said = f"{1e6 * large:.0f} us against {1e6 * usual:.0f} us; {1 / large:,.0f} requests/s"
    ratios = [large / each for each in small]
    name = "time for a request: 1,000,000 against 100,000"
    return Figure(name, large / usual, GOAL, "x", said, rounds=ratios)


def _growth(before: dict[str, int], after: dict[str, int]) -> Figure:
    grown = {name: (size - before[name]) / 1024**2 for name, size in after.items() if name not in NOT_OURS}
    most = max(grown, key=grown.__getitem__)
    said = f"{most}, to {after[most] / 1024**2:.0f} MB; the most of any process of ours"
    return Figure("growth of peak memory from 100,000 to 1,000,000", grown[most], MOST_GROWTH_MB, "MB", said)


def _seconds_each(system: System, folder: Path, requests: int) -> float:
    file = workload.write_file(folder / "requests.jsonl", requests, LINE_BYTES)
    with system.http() as http:
        began = time.perf_counter()
        ended = client.wait(http, client.create(http, client.upload_in_parts(http, file)))
        lines = client.count_lines(http, ended["output_file_id"])
        took = time.perf_counter() - began
    assert lines == requests, f"{lines} lines came back of {requests}"
    return took / requests
