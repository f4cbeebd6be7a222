"""Prompts that share nothing, so that there is nothing to gain: what does a batch server cost?"""

from benchmarks.against_run_batch import figures_of, pair_of
from benchmarks.asked import Asked
from benchmarks.figure import Figure
from benchmarks.sides import in_turn
from benchmarks.workload import Lines, request
from tests.models import tiny_llama

GOAL = 0.98
REQUESTS = 1000
FLAGS = {"dtype": "float32", "max_model_len": "1024", "kv_cache_memory_bytes": "256M", "enforce_eager": "true"}
PROMPT = "Is this candidate, who led a team of five and shipped three products, a fit? " * 4
WARM_UP = "warm-up"


def figures(asked: Asked) -> list[Figure]:
    requests = asked.scaled(REQUESTS)
    with pair_of(asked.model_dir or tiny_llama(), {**FLAGS, **asked.engine_args}) as pair:
        rounds = (unique(str(number), requests) for number in range(asked.rounds))
        compared = in_turn(pair.ours, pair.theirs, unique(WARM_UP, requests), rounds)
    return figures_of("unique prompts", GOAL, compared)


def unique(round_: str, requests: int) -> Lines:
    return [_line(f"{round_}-{number}", f"{number} of {round_}: {PROMPT}") for number in range(requests)]


def _line(custom_id: str, prompt: str) -> dict[str, object]:
    return request(custom_id, [{"role": "user", "content": prompt}], 32)
