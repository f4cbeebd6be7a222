"""A real model, many requests in no order that share long beginnings, and a KV cache too small for all of them.

Whoever asks in the order of the file reads most prompts from their first word on. With a share of identical requests
on top, whoever asks each of them answers the same again.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.against_run_batch import figures_of, pair_of
from benchmarks.asked import Asked
from benchmarks.evaluations import evaluations, with_copies
from benchmarks.figure import Figure
from benchmarks.sides import Compared, in_turn
from benchmarks.workload import Lines
from inference.models.demo import ensure_demo_model
from tests.models import CACHE

PREFIX_GOAL = 2.2
COPIES_GOAL = 2.8
PREFIXES = 30
EACH = 8
COPIES = 0.3
FLAGS = {
    "dtype": "bfloat16",
    "max_model_len": "2048",
    # 20,480 tokens, and the prefixes alone have 35,000. The eight requests that run at once take about half of it.
    "num_gpu_blocks_override": "160",
    "block_size": "128",
    "max_num_seqs": "8",
    "kv_cache_memory_bytes": "1G",
    "enforce_eager": "true",
}


def figures(asked: Asked) -> list[Figure]:
    plain = [_shuffled(asked, f"round {number}") for number in range(asked.rounds)]
    return figures_of("prefixes of 1,200 tokens, shuffled", PREFIX_GOAL, _compared(asked, plain))


def figures_with_copies(asked: Asked) -> list[Figure]:
    """A part of its own: five rounds of either take the better part of an hour."""
    repeated = [with_copies(_shuffled(asked, f"repeated {n}"), COPIES, str(n)) for n in range(asked.rounds)]
    return figures_of("the same, 30% identical requests", COPIES_GOAL, _compared(asked, repeated))


def _shuffled(asked: Asked, seed: str) -> Lines:
    return evaluations(seed, asked.scaled(PREFIXES), EACH)


def _compared(asked: Asked, rounds: Sequence[Lines]) -> Compared:
    """Each round has other texts: what the caches still hold of earlier ones is of no use."""
    with pair_of(_model(asked), {**FLAGS, **asked.engine_args}) as pair:
        return in_turn(pair.ours, pair.theirs, evaluations("warm-up", 2, EACH), rounds)


def _model(asked: Asked) -> Path:
    return asked.model_dir or ensure_demo_model(CACHE)
