"""`vbs batch`: what a caller of the API does, from the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from cli.client import Client
from cli.columns import show_columns
from cli.options import data_option
from cli.watch import Outcome, watch

CHAT: Final = "/v1/chat/completions"


def client_options(command: Callable[..., None]) -> Callable[..., None]:
    """Where the API is and who calls, handed to the command as a client."""

    def with_client(data_dir: Path, url: str | None, api_key: str | None, **rest: Any) -> None:
        command(Client.of(data_dir, url, api_key), **rest)

    with_client.__doc__ = command.__doc__
    key = click.option("--api-key", envvar="VBS_API_KEY", help="Default: VBS_API_KEY, or the data folder's first key.")
    url = click.option("--url", envvar="VBS_URL", help="Address of the API. Default: the one on the data folder.")
    return data_option(url(key(with_client)))


@click.group()
def batch() -> None:
    """Batches: submit, watch, list, cancel, download."""


@batch.command("submit")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--endpoint", help="Default: the one in the file's first line.")
@click.option("--window", "completion_window", default="24h", show_default=True, help="From 1h to 30d.")
@click.option("--priority", help="From -10 to 10, or low, normal, high.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE")
@click.option("--watch", "wait", is_flag=True, help="Stay until it has ended; fail if it fails.")
@client_options
def submit(
    client: Client,
    file: Path,
    endpoint: str | None,
    priority: str | None,
    metadata: tuple[str, ...],
    wait: bool,
    **wishes: Any,
) -> None:
    """Upload FILE and create a batch from it; prints the batch's id."""
    if priority is not None:
        wishes["priority"] = int(priority) if priority.lstrip("-").isdigit() else priority
    if metadata:
        wishes["metadata"] = _pairs(metadata)
    created = client.create_batch(client.upload(file), endpoint or _endpoint_of(file), **wishes)
    click.echo(created["id"])
    if wait:
        _end_like(watch(client, created["id"]))


@batch.command("watch")
@click.argument("batch_id")
@client_options
def watch_batch(client: Client, batch_id: str) -> None:
    """Show a batch's progress until it has ended; fail if it fails."""
    _end_like(watch(client, batch_id))


@batch.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@client_options
def list_batches(client: Client, limit: int) -> None:
    """Show the newest batches."""
    rows = [_row(found) for _, found in zip(range(limit), client.batches(), strict=False)]
    show_columns(("id", "status", "done", "failed", "total", "created"), rows)


@batch.command("get")
@click.argument("batch_id")
@client_options
def get(client: Client, batch_id: str) -> None:
    """Show a batch as the API does."""
    click.echo(json.dumps(client.batch(batch_id), indent=2))


@batch.command("cancel")
@click.argument("batch_id")
@client_options
def cancel(client: Client, batch_id: str) -> None:
    """Stop a batch; what is finished stays."""
    click.echo(client.cancel(batch_id)["status"])


@batch.command("results")
@click.argument("batch_id")
@click.option("--output", type=click.File("wb"), default="-", help="Default: standard output.")
@client_options
def results(client: Client, batch_id: str, output: BinaryIO) -> None:
    """Download the finished lines, while the batch runs or after."""
    with client.results(batch_id) as blocks:
        for block in blocks:
            output.write(block)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE.", param_hint="--metadata")
    return dict(text.split("=", 1) for text in texts)


def _endpoint_of(file: Path) -> str:
    """What the first line asks for. A line that can't be read is reported by validation, with all others."""
    with file.open("rb") as content:
        first = content.readline(1 << 20)
    try:
        return str(json.loads(first)["url"])
    except (ValueError, KeyError, TypeError):
        return CHAT


def _row(found: dict[str, Any]) -> tuple[object, ...]:
    counts = found["request_counts"]
    created = f"{datetime.fromtimestamp(found['created_at'], UTC):%Y-%m-%dT%H:%M}Z"
    return found["id"], found["status"], counts["completed"], counts["failed"], counts["total"], created


def _end_like(outcome: Outcome) -> None:
    if not outcome.succeeded:
        raise click.ClickException(outcome.message)
