"""The sample batch of `vbs demo`: candidates, judged against a position."""

import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from cli.client import Client
from cli.instance import Instance
from cli.watch import watch

SHOWN: Final = 4
POSITION: Final = (
    "You help a recruiter. The position: backend engineer for a payment service. Needed: Python, PostgreSQL, three "
    "years in production, and calm on-call work. Welcome: Celery, Kubernetes, and having mentored others. Judge the "
    "candidate in two short sentences: first the strongest reason to invite them, then the largest gap."
)
ROLES: Final = ("backend engineer", "data engineer", "site reliability engineer", "web developer")
SKILLS: Final = ("Python and PostgreSQL", "Java and Kafka", "Go and Kubernetes", "Python, Celery and Redis")
YEARS: Final = (1, 4, 9)


def requests(model: str) -> Iterator[dict[str, Any]]:
    """24 lines of a batch file. They share their beginning, which the engine computes once."""
    people = enumerate(itertools.product(ROLES, YEARS, SKILLS))
    for number, (role, years, skills) in itertools.islice(people, 0, None, 2):
        candidate = f"Candidate {number + 1}: {role}, {years} years, works with {skills}."
        messages = [{"role": "system", "content": POSITION}, {"role": "user", "content": candidate}]
        body = {"model": model, "messages": messages, "max_tokens": 60, "temperature": 0}
        line = {"custom_id": f"candidate-{number + 1}", "method": "POST", "url": "/v1/chat/completions", "body": body}
        yield line


def run(api_url: str, instance: Instance, model: str) -> None:
    """Submit, watch, and show some answers; raise if the batch did not complete."""
    client = Client.of(instance.data_dir, api_url, None)
    asked = {line["custom_id"]: line["body"]["messages"][-1]["content"] for line in requests(model)}
    batch_id = _submit(client, model)
    click.echo(f"batch {batch_id}: {len(asked)} candidates on {model}")
    outcome = watch(client, batch_id)
    counts = outcome.batch["request_counts"]
    if not outcome.succeeded or counts["completed"] != len(asked):
        raise click.ClickException(f"{outcome.message} {counts['failed']} of {counts['total']} requests failed.")
    _show(asked, _answers(client, batch_id))
    _say_where_to_look(instance, batch_id)


def _submit(client: Client, model: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "candidates.jsonl")
        file.write_text("".join(json.dumps(line) + "\n" for line in requests(model)))
        return str(client.create_batch(client.upload(file), "/v1/chat/completions", completion_window="1h")["id"])


def _answers(client: Client, batch_id: str) -> dict[str, str]:
    with client.results(batch_id) as blocks:
        lines = [json.loads(line) for line in b"".join(blocks).splitlines()]
    return {line["custom_id"]: line["response"]["body"]["choices"][0]["message"]["content"] for line in lines}


def _show(asked: dict[str, str], answers: dict[str, str]) -> None:
    table = Table("Candidate", "Answer", show_lines=True)
    for custom_id in list(asked)[:SHOWN]:
        table.add_row(asked[custom_id], answers[custom_id].strip())
    Console().print(table)


def _say_where_to_look(instance: Instance, batch_id: str) -> None:
    vbs, data = Path(sys.executable).with_name("vbs"), f"--data {instance.data_dir}"
    click.echo("The demo stops now and keeps its data. To go on from here:")
    click.echo(f"  {vbs} up {data}     starts it again and stays; then, beside it:")
    click.echo(f"  {vbs} batch results {data} {batch_id}     shows every answer")
    click.echo("  http://127.0.0.1:4080/docs     describes the API, http://127.0.0.1:4080/ says how to use it")
