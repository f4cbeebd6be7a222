"""What `--model` and `--engine-arg` say."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from inference.engines.base import BUILT_IN
from inference.models.demo import NAME, ensure_demo_model

ROOT: Final = Path(__file__).parents[1]
DEMO_MODELS: Final = ROOT / ".cache" / "models"
# The demo model runs best like this where there is no GPU.
CPU_ENGINE_ARGS: Final = {"dtype": "bfloat16", "enforce_eager": "true", "max_model_len": "2048"}
STUB_MODEL: Final = "stub-model"


def parse_models(choices: Iterable[str]) -> dict[str, str]:
    """`NAME=SOURCE`, or a folder or hub id whose name is its last part."""
    return dict(_parse_model(choice) for choice in choices)


def parse_engine_args(choices: Iterable[str]) -> dict[str, str]:
    pairs = [choice.partition("=") for choice in choices]
    for key, equals, _ in pairs:
        if not key or not equals:
            raise click.BadParameter(f"{key!r} is not KEY=VALUE.", param_hint="--engine-arg")
    return {key: value for key, _, value in pairs}


def check_engine(choice: str) -> None:
    """A slip of the finger is told now, not by a worker that won't start."""
    if choice not in BUILT_IN and ":" not in choice:
        known = ", ".join(BUILT_IN)
        raise click.BadParameter(
            f"{choice!r} is none of {known}, nor a dotted path `module:Class`.", param_hint="--engine"
        )


def default_models(engine: str) -> dict[str, str]:
    """What is served when nobody says: the stub's own, or a small real model from the package index."""
    if engine == "stub":
        return {STUB_MODEL: "stub"}
    if engine == "vllm":
        return {NAME: str(ensure_demo_model(DEMO_MODELS))}
    raise click.UsageError(f"Say which models to serve on the engine `{engine}`: --model NAME, as often as you like.")


def _parse_model(choice: str) -> tuple[str, str]:
    name, equals, source = choice.partition("=")
    if not equals:
        source = name
        name = source.rstrip("/").rpartition("/")[2]
    if not name or not source:
        raise click.BadParameter(f"{choice!r} is neither NAME=SOURCE nor a folder or hub id.", param_hint="--model")
    folder = Path(source).expanduser()
    return name, str(folder.resolve()) if folder.is_dir() else source
