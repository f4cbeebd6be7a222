"""A real vLLM engine that dies, or hangs, in the middle of a batch costs no answer."""

import signal
from collections.abc import Callable

import psutil
import pytest
from openai import OpenAI

from tests.acceptance.batches import lines_of, request, submit, wait
from tests.system import System

LINES = 300


def kill(process: psutil.Process) -> None:
    process.send_signal(signal.SIGKILL)


def freeze(process: psutil.Process) -> None:
    process.suspend()


@pytest.mark.parametrize("strike", [kill, freeze])
def test_a_batch_outlives_its_engine(vllm_system: System, strike: Callable[[psutil.Process], None]) -> None:
    client: OpenAI = vllm_system.client()
    batch = submit(client, [request(n, max_tokens=60, ignore_eos=True) for n in range(LINES)])
    wait(client, batch, lambda seen: bool(seen.request_counts and seen.request_counts.completed))
    strike(engine_core(vllm_system))
    batch = wait(client, batch)
    assert (batch.status, lines_of(client, batch.error_file_id)) == ("completed", [])
    answers = lines_of(client, batch.output_file_id)
    assert [answer["custom_id"] for answer in answers] == [f"candidate-{n}" for n in range(LINES)]


def engine_core(system: System) -> psutil.Process:
    """The process in which vLLM computes."""
    pid = next(pid for name, (pid, _) in system.running.processes.items() if name.startswith("gpu"))
    return next(child for child in psutil.Process(pid).children() if "EngineCore" in " ".join(child.cmdline()))
