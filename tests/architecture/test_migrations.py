"""The migrations lead to the tables of the models, and back."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, inspect, text

from migrations.run import alembic_config, downgrade, upgrade
from schemas.database import driver_url
from schemas.tables import Base

ROOT = Path(__file__).parents[2]
INDEXES = """
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY indexname
"""
CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass ORDER BY conname
"""


def definitions(connection: Connection) -> list[Any]:
    """Indexes with their conditions and constraints with their actions, in PostgreSQL's own words."""
    return [tuple(row) for query in (INDEXES, CONSTRAINTS) for row in connection.execute(text(query))]


def drop_and_create_from_models(connection: Connection) -> None:
    migrated = MetaData()
    migrated.reflect(connection)
    migrated.remove(migrated.tables["alembic_version"])
    migrated.drop_all(connection)
    Base.metadata.create_all(connection)


def test_a_migrated_database_has_the_tables_and_columns_of_the_models(database_url: str) -> None:
    with create_engine(driver_url(database_url)).connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []


def test_a_migrated_database_has_the_indexes_and_constraints_of_the_models(database_url: str) -> None:
    with create_engine(driver_url(database_url)).begin() as connection:
        migrated = definitions(connection)
        drop_and_create_from_models(connection)
        assert migrated == definitions(connection)


def test_every_migration_can_be_taken_back_and_applied_again(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    downgrade(empty_database_url, "base")
    with create_engine(driver_url(empty_database_url)).connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    upgrade(empty_database_url)


@pytest.mark.timeout(60)
def test_processes_that_migrate_at_once_do_not_disturb_each_other(empty_database_url: str) -> None:
    command = [sys.executable, "-c", "import sys; from migrations.run import upgrade; upgrade(sys.argv[1])"]
    migrators = [subprocess.Popen([*command, empty_database_url], cwd=ROOT) for _ in range(3)]
    assert [migrator.wait() for migrator in migrators] == [0, 0, 0]


def test_the_migrations_are_one_line_without_branches() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("")).get_heads()) == 1
