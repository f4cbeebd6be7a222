"""The same requests with one worker and with four, on engines that take a fixed time for each request.

Engines that wait cost no processor time, so four workers have room on any machine: what is measured is whether they
keep out of each other's way.
"""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.asked import Asked
from benchmarks.figure import Figure
from benchmarks.ours import system_of
from benchmarks.sides import in_turn
from benchmarks.workload import MODEL, Lines, request

GOAL = 3.8
MANY = 4
REQUESTS = 16_000
WARM_UP = 640
ENGINE_ARGS = {"latency_ms": "100", "concurrency": "32"}


def figures(asked: Asked) -> list[Figure]:
    requests = asked.scaled(REQUESTS)
    options = [f"--engine-arg={name}={value}" for name, value in ENGINE_ARGS.items()]
    with TemporaryDirectory(prefix="vbs-bench-") as name, ExitStack() as stack:
        systems = []
        for workers in (MANY, 1):
            folder = Path(name, str(workers))
            folder.mkdir()
            systems.append(stack.enter_context(system_of(folder, "stub", MODEL, f"--workers={workers}", *options)))
        Path(name).chmod(0o755)
        many, one = systems
        rounds = [same(str(number), requests) for number in range(asked.rounds)]
        compared = in_turn(many, one, same("warm-up", WARM_UP), rounds)
    return [
        Figure(
            f"requests/s of {MANY} workers against those of one, {ENGINE_ARGS['latency_ms']} ms a request",
            compared.ratio,
            GOAL,
            "x",
            compared.said,
            at_least=True,
            rounds=compared.ratios,
        )
    ]


def same(seed: str, requests: int) -> Lines:
    return [
        request(f"{seed}-{number}", [{"role": "user", "content": f"Evaluate candidate {number} of {seed}."}], 8)
        for number in range(requests)
    ]
