"""Bring a database to the newest revision, from the program itself."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection


def alembic_config(database: str | Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database"] = database
    return config


def upgrade(database: str | Connection) -> None:
    """Apply what is missing. Several processes may call this at once: one works, the others wait and find it done.

    With a connection this happens in its transaction, and is committed or rolled back with that.
    """
    command.upgrade(alembic_config(database), "head")


def downgrade(database: str | Connection, revision: str) -> None:
    command.downgrade(alembic_config(database), revision)


def rebuild(connection: Connection, revision: str) -> None:
    """The tables as they were at a revision, in place of those that are there."""
    downgrade(connection, "base")
    command.upgrade(alembic_config(connection), revision)


def is_known(revision: str) -> bool:
    try:
        return ScriptDirectory.from_config(alembic_config("")).get_revision(revision) is not None
    except CommandError:
        return False
