"""Answers of very unequal length on two workers, beside a loop that waits at the end of each chunk.

Both sides have two stub engines that run as many requests at once and take as long for each: as long as the answer is,
an answer being as long as `max_tokens` says. So it is the time of engines that is compared, not the time of Python.
"""

import math
import random
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.asked import Asked
from benchmarks.barrier import ChunkBarrier
from benchmarks.figure import Figure
from benchmarks.ours import system_of
from benchmarks.sides import in_turn
from benchmarks.workload import MODEL, Lines, request

GOAL = 1.5
WORKERS = 2
REQUESTS = 3200
AT_ONCE = 32
# The larger a chunk, the less its end costs, and the later a failure is noticed. This one fills an engine eight times.
CHUNK_SIZE = 8 * AT_ONCE
MS_PER_TOKEN = 2
# 200 ms for an answer in the middle of things; the longest take twenty times as long.
MEAN_TOKENS = 100
LONGEST_TOKENS = 20 * MEAN_TOKENS
SIGMA = 1.2


def figures(asked: Asked) -> list[Figure]:
    requests = asked.scaled(REQUESTS)
    engine_args = {"ms_per_token": str(MS_PER_TOKEN), "concurrency": str(AT_ONCE)}
    options = [f"--workers={WORKERS}", *(f"--engine-arg={name}={value}" for name, value in engine_args.items())]
    with TemporaryDirectory(prefix="vbs-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with system_of(folder, "stub", MODEL, *options) as ours:
            barrier = ChunkBarrier(WORKERS, CHUNK_SIZE, engine_args)
            rounds = [uneven(str(number), requests) for number in range(asked.rounds)]
            compared = in_turn(ours, barrier, uneven("warm-up", AT_ONCE), rounds)
    return [
        Figure(
            "requests/s against a chunk-barrier loop: unequal answers, two workers",
            compared.ratio,
            GOAL,
            "x",
            f"{compared.said}; chunks of {CHUNK_SIZE}, {AT_ONCE} at once on each engine",
            at_least=True,
            rounds=compared.ratios,
        )
    ]


def uneven(seed: str, requests: int) -> Lines:
    """Lengths have a long tail, as those of real answers do: half of them are below half of the mean."""
    chance = random.Random(seed)
    middle = math.log(MEAN_TOKENS) - SIGMA**2 / 2
    lengths = (chance.lognormvariate(middle, SIGMA) for _ in range(requests))
    return [
        request(f"{seed}-{number}", [{"role": "user", "content": f"Evaluate candidate {number}."}], _tokens(length))
        for number, length in enumerate(lengths)
    ]


def _tokens(length: float) -> int:
    return min(max(round(length), 1), LONGEST_TOKENS)
