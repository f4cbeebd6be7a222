"""vLLM's own run_batch, with its engine loaded once: a process that is told on stdin which file to run.

    python -m benchmarks.rival FOLDER NAME KEY=VALUE ...

It says `ready`, then `ended {"seconds": ..., "waiting": ...}` for each line `INPUT OUTPUT`. The seconds are those of
run_batch alone: from the reading of the file until all answers are written.
"""

import asyncio
import sys
import time
from argparse import Namespace
from contextlib import suppress

import click
import orjson
from vllm.entrypoints.launchers.api_server.entry import build_async_engine_client
from vllm.entrypoints.launchers.run_batch import make_arg_parser, run_batch
from vllm.usage.usage_lib import UsageContext
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.v1.engine.async_llm import AsyncLLM

from inference.engines.vllm import as_command_line

LOOK_SECONDS = 0.5


async def serve(arguments: Namespace) -> None:
    async with build_async_engine_client(arguments, usage_context=UsageContext.OPENAI_BATCH_RUNNER) as engine:
        assert isinstance(engine, AsyncLLM)
        click.echo("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            arguments.input_file, arguments.output_file = line.split()
            click.echo(b"ended " + orjson.dumps(await timed_run(engine, arguments)))


async def timed_run(engine: AsyncLLM, arguments: Namespace) -> dict[str, object]:
    waiting: list[tuple[float, int]] = []
    began = time.perf_counter()
    looking = asyncio.create_task(_look(engine, began, waiting))
    await run_batch(engine, arguments)
    seconds = time.perf_counter() - began
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    return {"seconds": seconds, "waiting": waiting}


async def _look(engine: AsyncLLM, began: float, waiting: list[tuple[float, int]]) -> None:
    """Nothing is saved before the end, so what is done is seen from what the engine still has."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        waiting.append((time.perf_counter() - began, engine.get_num_unfinished_requests()))


if __name__ == "__main__":
    source, name, *pairs = sys.argv[1:]
    flags = as_command_line(dict(pair.split("=", 1) for pair in pairs))
    parser = make_arg_parser(FlexibleArgumentParser())  # type: ignore[no-untyped-call]
    told_later = ["-i", "-", "-o", "-", "--model", source, "--served-model-name", name]
    asyncio.run(serve(parser.parse_args([*told_later, *flags])))
