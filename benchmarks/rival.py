"""vLLM's own run_batch, with its engine loaded once: a process that is told on stdin which file to run.

    python -m benchmarks.rival --model FOLDER --served-model-name NAME ...

It says `ready`, then `took SECONDS` for each line `INPUT OUTPUT`. The seconds are those of run_batch alone: from the
reading of the file until all answers are written.
"""

import asyncio
import sys
import time
from argparse import Namespace

import click
from vllm.entrypoints.launchers.api_server.entry import build_async_engine_client
from vllm.entrypoints.launchers.run_batch import make_arg_parser, run_batch
from vllm.usage.usage_lib import UsageContext
from vllm.utils.argparse_utils import FlexibleArgumentParser


async def serve(arguments: Namespace) -> None:
    async with build_async_engine_client(arguments, usage_context=UsageContext.OPENAI_BATCH_RUNNER) as engine:
        click.echo("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            arguments.input_file, arguments.output_file = line.split()
            began = time.perf_counter()
            await run_batch(engine, arguments)
            click.echo(f"took {time.perf_counter() - began}")


if __name__ == "__main__":
    parser = make_arg_parser(FlexibleArgumentParser())  # type: ignore[no-untyped-call]
    asyncio.run(serve(parser.parse_args(["-i", "told", "-o", "later", *sys.argv[1:]])))
