"""`vbs status`: what runs on a data folder."""

import json
from pathlib import Path
from typing import Any, Final

import click
import httpx
import redis

from cli.columns import show_columns
from cli.instance import Instance, Running
from cli.leftovers import SAME_START_SECONDS, start_time
from cli.options import data_option

QUEUES: Final = ("inference", "default", "webhooks", "retention", "labelstudio", "finetune")


@click.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(data_dir: Path, as_json: bool) -> None:
    """Show processes, workers, queues and addresses. Fails where nothing runs."""
    instance = Instance(data_dir)
    instance.check_made()
    running = instance.running()
    if running is None:
        raise click.ClickException(f"Nothing runs on {instance.data_dir}. `vbs up --data {data_dir}` starts it.")
    found = read(running)
    click.echo(json.dumps(found, indent=2)) if as_json else show(found)


def read(running: Running) -> dict[str, Any]:
    health = _health(running.api_url)
    return {
        "ready": running.ready,
        "addresses": {"api": running.api_url, "ui": running.ui_url, "flower": running.flower_url},
        "engine": running.engine,
        "models": running.models,
        "processes": [
            {"name": name, "pid": pid, "running": abs(start_time(pid) - started) < SAME_START_SECONDS}
            for name, (pid, started) in running.processes.items()
        ],
        "problems": health.get("problems", []),
        "workers": health.get("workers", []),
        "work": health.get("queue"),
        "messages": _messages(running.redis_url),
    }


def show(found: dict[str, Any]) -> None:
    click.echo("ready" if found["ready"] else "starting")
    for name, url in found["addresses"].items():
        click.echo(f"{name:8}{url}")
    for problem in found["problems"]:
        click.secho(problem, fg="yellow")
    for kind in ("processes", "workers"):
        if rows := found[kind]:
            click.echo()
            show_columns(tuple(rows[0]), [tuple(row.values()) for row in rows])
    click.echo()
    for kind in ("work", "messages"):
        click.echo(f"{kind}: " + ", ".join(f"{name} {number}" for name, number in (found[kind] or {}).items()))


def _health(api_url: str) -> dict[str, Any]:
    if not api_url:
        return {}
    try:
        return dict(httpx.get(f"{api_url}/health", timeout=5.0, trust_env=False).json())
    except (httpx.HTTPError, ValueError) as error:
        return {"problems": [f"The API does not answer: {error}"]}


def _messages(redis_url: str) -> dict[str, int] | None:
    """How many wake-ups wait in each queue."""
    if not redis_url:
        return None
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=2) as client:
            return {queue: int(client.llen(queue)) for queue in QUEUES}
    except redis.RedisError:
        return None
