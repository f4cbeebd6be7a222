"""How Alembic reaches the database and what it compares the tables with."""

from typing import Final

from alembic import context
from sqlalchemy import Connection, text

from schemas.database import unpooled_engine
from schemas.settings import settings
from schemas.tables import Base

# Any number will do, as long as nothing else of ours locks it.
MIGRATION_LOCK: Final = 4_080_001


def run() -> None:
    database = context.config.attributes.get("database") or settings().database_url
    if isinstance(database, Connection):
        migrate(database)
        return
    with unpooled_engine(database).connect() as connection:
        migrate(connection)


def migrate(connection: Connection) -> None:
    """Everything in one transaction, under a lock: a second migrator waits, then finds nothing to do."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        context.run_migrations()


run()
