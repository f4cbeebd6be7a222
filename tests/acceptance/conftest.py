"""One whole system on a real vLLM engine for all acceptance tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models import tiny_llama
from tests.system import System, started

MODEL = "tiny"
# A hung engine has to be noticed while a test waits.
ENVIRONMENT = {"VBS_WEBHOOK_ALLOW_PRIVATE": "1", "VBS_ENGINE_STALL_SECONDS": "10"}


@pytest.fixture(scope="session")
def vllm_system(server_dir: Path) -> Iterator[System]:
    model = f"--model={MODEL}={tiny_llama()}"
    options = (
        "--engine=vllm",
        model,
        "--engine-arg=dtype=float32",
        "--engine-arg=max_model_len=512",
        "--engine-arg=max_num_seqs=16",
        # Other engines of other tests run beside it.
        "--engine-arg=kv_cache_memory_bytes=256M",
    )
    with started(server_dir / "vllm", *options, environment=ENVIRONMENT) as system:
        yield system
