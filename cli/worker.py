"""`vbs worker`: one inference worker, on any host that reaches the databases and the file store."""

import os
from dataclasses import replace

import click

from cli.models import check_engine, parse_engine_args, parse_models
from cli.process_table import ROOT, gpu_worker_argv, node_name
from inference.engines.environment import WORKER_ENVIRONMENT
from schemas.errors import StartFailed
from schemas.settings import environment_of, settings


@click.command()
@click.option("--name", default="gpu0", show_default=True, help="Name on this host: one for each of its workers.")
@click.option("--gpu", help="Which GPU to use, by index or UUID. Default: what CUDA_VISIBLE_DEVICES says.")
@click.option("--engine", help="vllm, openai, stub, or the dotted path `module:Class` of your own.")
@click.option("--engine-arg", "engine_args", multiple=True, metavar="KEY=VALUE", help="An argument of the engine.")
@click.option("--model", "models", multiple=True, metavar="[NAME=]SOURCE", help="A model to serve: folder or hub id.")
def worker(
    name: str, gpu: str | None, engine: str | None, engine_args: tuple[str, ...], models: tuple[str, ...]
) -> None:
    """Run one inference worker against DATABASE_URL and REDIS_URL."""
    base = settings()
    if not base.database_url or not base.redis_url:
        raise StartFailed("A worker needs DATABASE_URL and REDIS_URL, and the file store that the API uses.")
    wanted = replace(
        base,
        data_dir=base.data_dir.expanduser().resolve(),
        engine=engine or base.engine,
        engine_args={**base.engine_args, **parse_engine_args(engine_args)},
        models=parse_models(models) or base.models,
    )
    # The arguments are checked by the worker itself, before it does anything else.
    check_engine(wanted.engine)
    if not wanted.models:
        raise click.UsageError("Say which models to serve: --model, or VBS_MODELS.")
    env = {**WORKER_ENVIRONMENT, **environment_of(wanted)}
    if gpu is not None:
        env["CUDA_VISIBLE_DEVICES"] = gpu
    argv = gpu_worker_argv(node_name(name))
    os.chdir(ROOT)
    os.execvpe(argv[0], argv, env)
