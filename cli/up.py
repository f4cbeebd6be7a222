"""`vbs up`, `vbs down` and `vbs demo`: the whole system on this machine."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cli import demo as demonstration
from cli.embedded import free_port, is_free
from cli.engine_check import check_engine_args
from cli.instance import Instance, Running
from cli.models import CPU_ENGINE_ARGS, check_engine, default_models, parse_engine_args, parse_models
from cli.options import PORTS, data_option, port_options
from cli.process_table import Addresses
from cli.processes import wait_until
from cli.supervisor import Stopped
from cli.system import Wanted, running_system
from schemas.settings import settings

DOWN_SECONDS = 30.0


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address the API and the UI listen on.")
@port_options
@click.option("--workers", type=click.IntRange(min=1), help="Inference workers. Default: one for each GPU, or one.")
@click.option("--engine", help="vllm, openai, stub, or the dotted path `module:Class` of your own.")
@click.option("--engine-arg", "engine_args", multiple=True, metavar="KEY=VALUE", help="An argument of the engine.")
@click.option("--model", "models", multiple=True, metavar="[NAME=]SOURCE", help="A model to serve: folder or hub id.")
@click.option("--without", multiple=True, type=click.Choice(["ui", "flower"]), help="Leave this out.")
def up(
    data_dir: Path, host: str, port: int, ui_port: int, flower_port: int, without: tuple[str, ...], **wish: Any
) -> None:
    """Start everything and stay; Ctrl-C stops all of it."""
    addresses = Addresses(host, port or free_port(), ui_port or free_port(), flower_port or free_port())
    wanted = _wanted(data_dir, addresses, without=frozenset(without), **wish)
    try:
        with running_system(wanted) as system:
            click.echo(_ready_line(system.running))
            system.supervisor.tend_for_ever()
    except Stopped:
        click.echo("stopped")


@click.command()
@data_option
def down(data_dir: Path) -> None:
    """Stop the system that runs on a data folder."""
    instance = Instance(data_dir)
    instance.check_made()
    running = instance.running()
    if running is None:
        click.echo(f"Nothing runs on {instance.data_dir}.")
        return
    os.kill(running.pid, signal.SIGTERM)
    if not wait_until(lambda: not instance.is_held, DOWN_SECONDS):
        raise click.ClickException(f"Process {running.pid} is still stopping after {DOWN_SECONDS:.0f} seconds.")
    click.echo("stopped")


@click.command()
@data_option
def demo(data_dir: Path) -> None:
    """Start everything on free ports, run a sample batch on vLLM, show its answers and stop."""
    ports = [port if is_free(port) else free_port() for _, port in PORTS.values()]
    wanted = _wanted(data_dir, Addresses("127.0.0.1", *ports), engine="vllm")
    try:
        with running_system(wanted) as system:
            click.echo(_ready_line(system.running))
            demonstration.run(system.running.api_url, system.instance, next(iter(wanted.settings.models)))
    except Stopped:
        raise click.Abort from None


def _wanted(
    data_dir: Path,
    addresses: Addresses,
    *,
    engine: str | None = None,
    models: tuple[str, ...] = (),
    engine_args: tuple[str, ...] = (),
    workers: int | None = None,
    without: frozenset[str] = frozenset(),
) -> Wanted:
    """What the command line says, and where it is silent, what the settings say."""
    base = settings()
    chosen = engine or base.engine
    check_engine(chosen)
    served = parse_models(models) or base.models
    arguments = {**base.engine_args, **parse_engine_args(engine_args)}
    check_engine_args(chosen, arguments)
    if not served:
        served = default_models(chosen)
        arguments = {**(CPU_ENGINE_ARGS if chosen == "vllm" else {}), **arguments}
    everything = replace(
        base,
        data_dir=data_dir.expanduser().resolve(),
        engine=chosen,
        engine_args=arguments,
        models=served,
    )
    return Wanted(everything, addresses, workers, without)


def _ready_line(running: Running) -> str:
    places = {"API": running.api_url, "UI": running.ui_url, "Flower": running.flower_url}
    return "ready  " + "  ".join(f"{name} {url}" for name, url in places.items() if url)
