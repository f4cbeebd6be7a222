"""One of each engine, loaded once for the run."""

from collections.abc import Iterator

import pytest

from inference.engines.base import create_engine
from inference.engines.environment import WORKER_ENVIRONMENT
from inference.models.demo import ensure_demo_model
from tests.engines import EngineThread, UpstreamServer
from tests.models import CACHE

# Long to answer for vLLM, for ever for the stub.
STUB_ARGS = {"max_tokens": "1024", "hang_on": "Once upon a time"}
VLLM_ARGS = {"dtype": "float32", "max_model_len": "1024", "kv_cache_memory_bytes": "256M"}


@pytest.fixture(scope="session")
def worker_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in WORKER_ENVIRONMENT.items():
            environment.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def stub_engine() -> Iterator[EngineThread]:
    thread = EngineThread(create_engine("stub", STUB_ARGS), "model-a", "model-a")
    thread.load()
    yield thread
    thread.stop()


@pytest.fixture(scope="session")
def upstream() -> Iterator[UpstreamServer]:
    server = UpstreamServer("upstream-name", **STUB_ARGS)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def openai_engine(upstream: UpstreamServer) -> Iterator[EngineThread]:
    engine = create_engine("openai", {"base_url": upstream.base_url, "api_key": "sk-upstream"})
    thread = EngineThread(engine, "model-b", "upstream-name")
    thread.load()
    yield thread
    thread.stop()


@pytest.fixture(scope="session")
def vllm_engine(worker_environment: None) -> Iterator[EngineThread]:
    """The demo model in float32, where the same request always gets the same text."""
    tools = {"enable_auto_tool_choice": "true", "tool_call_parser": "hermes"}
    thread = EngineThread(create_engine("vllm", VLLM_ARGS | tools), "smollm2", str(ensure_demo_model(CACHE)))
    thread.load()
    yield thread
    thread.stop()
