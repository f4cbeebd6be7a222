"""How the tables of a database go into a backup and come out of it: as COPY has them, by name and column."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import MetaData, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from schemas.errors import VbsError

REVISION: Final = "alembic_version"
# Who serves and how fast work goes is news of a place, and of another one it is wrong.
LEFT_OUT: Final = frozenset({REVISION, "workers", "pace_samples"})
# What the text of COPY depends on, and what must not end a transaction that waits for files.
SESSION: Final = {
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "client_encoding": "UTF8",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
# The contents that there should be: what is deleted or purged has none.
KEPT: Final = """
    SELECT location, bytes FROM files WHERE purged_at IS NULL AND deleted_at IS NULL
    UNION ALL SELECT location, bytes FROM upload_parts
"""


def prepare(session: Session) -> None:
    for name, value in SESSION.items():
        session.execute(text(f"SET LOCAL {name} = '{value}'"))


def reflect(session: Session) -> Mapping[str, Sequence[str]]:
    """What there is, whatever this program thinks there should be; a table comes after those that it refers to."""
    metadata = MetaData()
    metadata.reflect(session.connection())
    # The library's names are text of a kind of its own, which JSON does not take.
    return {
        str(table.name): [str(column.name) for column in table.columns if column.computed is None]
        for table in metadata.sorted_tables
    }


def copy_statement(table: str, columns: Sequence[str], direction: str) -> str:
    names = SQL(", ").join(map(Identifier, columns))
    return SQL("COPY {} ({}) {}").format(Identifier(table), names, SQL(direction)).as_string(None)


@contextmanager
def database_errors(failure: type[VbsError]) -> Iterator[None]:
    """An error of the database in one line."""
    try:
        yield
    except (SQLAlchemyError, psycopg.Error) as error:
        cause = getattr(error, "orig", None) or error
        raise failure(f"The database failed: {str(cause).strip().partition(chr(10))[0]}") from error
