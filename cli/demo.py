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

SHOWN: Final = 6
ENDPOINT: Final = "/v1/chat/completions"
POSITION: Final = (
    "You help a recruiter. The position: backend engineer for a payment service. Needed: Python, PostgreSQL, at least "
    "three years in production. Welcome: Celery, Redis. Answer with the verdict, the strongest point and the gap."
)
# A small model follows examples better than instructions, and the schema keeps its answers readable by programs.
EXAMPLES: Final = (
    ("Designer, 5 years, works with Figma.", "decline", "5 years of experience", "no Python, no PostgreSQL"),
    ("Backend engineer, 2 years, works with Python and Celery.", "decline", "Python and Celery", "only 2 years"),
    ("Backend engineer, 6 years, works with Python and PostgreSQL.", "invite", "6 years of Python", "no Celery"),
)
FIELDS: Final = ("verdict", "strength", "gap")
PHRASE: Final = {"type": "string", "maxLength": 60}
SCHEMA: Final = {
    "type": "object",
    "properties": {"verdict": {"enum": ["invite", "decline"]}, "strength": PHRASE, "gap": PHRASE},
    "required": list(FIELDS),
    "additionalProperties": False,
}
ROLES: Final = ("Backend engineer", "Data engineer", "Site reliability engineer", "Web developer")
SKILLS: Final = ("Python and PostgreSQL", "Java and Kafka", "Python, Celery and Redis")
YEARS: Final = (1, 5)


def requests(model: str) -> Iterator[dict[str, Any]]:
    """24 lines of a batch file. They share their beginning, which the engine computes once."""
    answer_format = {"type": "json_schema", "json_schema": {"name": "judgement", "schema": SCHEMA}}
    for number, (role, years, skills) in enumerate(itertools.product(ROLES, YEARS, SKILLS), start=1):
        candidate = f"{role}, {years} {'year' if years == 1 else 'years'}, works with {skills}."
        body = {
            "model": model,
            "messages": [*_introduction(), {"role": "user", "content": candidate}],
            "max_tokens": 80,
            "temperature": 0,
            "response_format": answer_format,
        }
        yield {"custom_id": f"candidate-{number}", "method": "POST", "url": ENDPOINT, "body": body}


def _introduction() -> Iterator[dict[str, str]]:
    yield {"role": "system", "content": POSITION}
    for candidate, *judgement in EXAMPLES:
        yield {"role": "user", "content": candidate}
        yield {"role": "assistant", "content": json.dumps(dict(zip(FIELDS, judgement, strict=True)))}


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
        return str(client.create_batch(client.upload(file), ENDPOINT, completion_window="1h")["id"])


def _answers(client: Client, batch_id: str) -> dict[str, dict[str, str]]:
    with client.results(batch_id) as blocks:
        lines = [json.loads(line) for line in b"".join(blocks).splitlines()]
    return {
        line["custom_id"]: json.loads(line["response"]["body"]["choices"][0]["message"]["content"]) for line in lines
    }


def _show(asked: dict[str, str], answers: dict[str, dict[str, str]]) -> None:
    table = Table("Candidate", *(field.capitalize() for field in FIELDS), title=f"{SHOWN} of {len(asked)} answers")
    for custom_id in list(asked)[:SHOWN]:
        table.add_row(asked[custom_id], *(answers[custom_id][field] for field in FIELDS))
    Console().print(table)


def _say_where_to_look(instance: Instance, batch_id: str) -> None:
    vbs, data = Path(sys.executable).with_name("vbs"), f"--data {instance.data_dir}"
    click.echo("A model of 135 million parameters judges like one: bring your own with --model.")
    click.echo("The demo stops now and keeps its data. To go on from here:")
    click.echo(f"  {vbs} up {data}     starts it again and stays; then, beside it:")
    click.echo(f"  {vbs} batch results {data} {batch_id}     shows every answer")
    click.echo("  http://127.0.0.1:4080/docs     describes the API, http://127.0.0.1:4080/ says how to use it")
