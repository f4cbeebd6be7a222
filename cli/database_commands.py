"""`vbs db`."""

from pathlib import Path

import click

from cli.database import database_of
from cli.options import data_option


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@data_option
def upgrade(data_dir: Path) -> None:
    """Bring the tables to this version: of DATABASE_URL, or of a data folder."""
    with database_of(data_dir) as database:
        click.echo(f"The tables in {database.url.database} are up to date.")
