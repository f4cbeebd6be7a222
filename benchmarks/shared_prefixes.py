"""A real model, many requests in no order that share long beginnings, and a KV cache too small for all of them.

Whoever asks in the order of the file reads most prompts from their first word on. With a share of identical requests
on top, whoever asks each of them answers the same again.
"""

from pathlib import Path

from benchmarks.against_run_batch import figures_of, pair_of
from benchmarks.asked import Asked
from benchmarks.evaluations import evaluations, with_copies
from benchmarks.figure import Figure
from benchmarks.sides import in_turn
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
    prefixes = asked.scaled(PREFIXES)
    warm_up = evaluations("warm-up", 2, EACH)
    with pair_of(_model(asked), {**FLAGS, **asked.engine_args}) as pair:
        plain = [evaluations(f"round {number}", prefixes, EACH) for number in range(asked.rounds)]
        shared = in_turn(pair.ours, pair.theirs, warm_up, plain)
        # Other texts than before: what the caches still hold is of no use.
        others = [evaluations(f"repeated {number}", prefixes, EACH) for number in range(asked.rounds)]
        repeated = [with_copies(lines, COPIES, str(number)) for number, lines in enumerate(others)]
        copied = in_turn(pair.ours, pair.theirs, warm_up, repeated)
    return [
        *figures_of("prefixes of 1,200 tokens, shuffled", PREFIX_GOAL, shared),
        *figures_of("the same, 30% identical requests", COPIES_GOAL, copied),
    ]


def _model(asked: Asked) -> Path:
    return asked.model_dir or ensure_demo_model(CACHE)
