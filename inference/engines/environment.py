"""Environment variables that a worker process must have before it imports an engine's libraries."""

from typing import Final

WORKER_ENVIRONMENT: Final = {
    # vLLM would report usage over the network.
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    # CUDA does not survive a fork, and neither do the worker's threads.
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    "TOKENIZERS_PARALLELISM": "false",
}
