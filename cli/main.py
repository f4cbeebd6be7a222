"""`vbs`: the command for people."""

import sys

import click

from cli.backup_commands import backup, restore
from cli.batch_commands import batch
from cli.database_commands import db
from cli.doctor import doctor
from cli.key_commands import key
from cli.person_commands import person
from cli.status import status
from cli.up import demo, down, up
from cli.worker import worker
from schemas.errors import VbsError


class Group(click.Group):
    """Shows what went wrong as a message, where somebody can act on it."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except VbsError as error:
            raise click.ClickException(error.message) from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def vbs() -> None:
    """vLLM Batch Server: run OpenAI-compatible batches on the GPUs you own."""


for command in (up, down, demo, status, doctor, key, person, batch, worker, db, backup, restore):
    vbs.add_command(command)


def main() -> None:
    vbs(prog_name="vbs", args=sys.argv[1:])
