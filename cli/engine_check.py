"""Whether an engine takes its arguments, found out before anything starts.

`python -m cli.engine_check` reads both from its standard input. It is a process of its own because vLLM, and maybe
somebody's own engine, takes seconds and gigabytes to import.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

import click

from cli.process_table import ROOT
from inference.engines.base import create_engine
from inference.engines.environment import WORKER_ENVIRONMENT
from schemas.errors import StartFailed, VbsError
from schemas.settings import environment_of, settings

QUICK: Final = frozenset({"openai", "stub"})
REFUSED: Final = 3
# What is above these in a traceback is for the engine's author.
LAST_LINES: Final = 3


def check_engine_args(engine: str, args: Mapping[str, str]) -> None:
    """Raise with the name of the argument that does not fit. vLLM without any has nothing to check."""
    if engine in QUICK:
        create_engine(engine, args)
    elif args or engine != "vllm":
        _check_in_another_process(engine, args)


def _check_in_another_process(engine: str, args: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.engine_check"],
        input=json.dumps([engine, dict(args)]),
        env={**environment_of(settings()), **WORKER_ENVIRONMENT},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == REFUSED:
        raise StartFailed(done.stdout.strip().splitlines()[-1])
    if done.returncode:
        raise StartFailed("\n".join([f"The engine {engine} can't be made:", *done.stderr.splitlines()[-LAST_LINES:]]))


def main() -> None:
    engine, args = json.load(sys.stdin)
    try:
        create_engine(engine, args)
    except VbsError as error:
        click.echo(error.message)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
