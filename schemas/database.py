"""One SQLAlchemy engine per process, sessions for workers, and the COPY that carries the bulk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any, Final

import psycopg
from sqlalchemy import ColumnElement, Engine, NullPool, create_engine, delete, select, text, tuple_
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

from schemas.settings import settings

DRIVER: Final = "postgresql+psycopg"
DELETED_AT_ONCE: Final = 5000
# A connection whose other end is gone without a word is noticed within half a minute.
CONNECT_ARGS: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
# And the other way round: the locks of a worker whose machine is gone, or which hangs, do not outlive it for long.
SERVER_OPTIONS: Final = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c idle_in_transaction_session_timeout=300s"
    # A plan made when a table was small would serve its prepared statement long after it has grown.
    " -c plan_cache_mode=force_custom_plan"
)
# What a database looks like that can't be reached or can't be written (a read-only one is an InternalError): the same
# call may succeed later.
DATABASE_LOST: Final = (OperationalError, InterfaceError, InternalError, PoolExhausted)


def driver_url(url: str) -> str:
    """SQLAlchemy's name for a `postgresql://` or `postgres://` address."""
    scheme, separator, rest = url.partition("://")
    return f"{DRIVER}{separator}{rest}" if scheme in ("postgres", "postgresql") else url


@cache
def engine() -> Engine:
    return create_engine(
        driver_url(settings().database_url),
        pool_pre_ping=True,
        pool_size=settings().pool_size,
        max_overflow=0,
        connect_args=CONNECT_ARGS | {"options": SERVER_OPTIONS},
    )


def unpooled_engine(url: str, **connect_args: object) -> Engine:
    """For a moment's use of any database: what it opens is closed after use. `connect_args` go before our own."""
    return create_engine(driver_url(url), poolclass=NullPool, connect_args=CONNECT_ARGS | connect_args)


# What gives long-running work its short transactions: `session_scope`, or another way to open a session.
OpenSession = Callable[[], AbstractContextManager[Session]]


@contextmanager
def session_scope() -> Iterator[Session]:
    """A session that commits at the end of the block, or rolls back when it raises."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


def give_up_soon(session: Session) -> None:
    """For what is done again and again: one that hangs would be the last, one that fails is followed by the next."""
    session.execute(text("SET LOCAL statement_timeout = '10s'"))


def delete_in_parts(
    open_session: OpenSession,
    table: type[DeclarativeBase],
    key: Sequence[InstrumentedAttribute[Any]],
    due: ColumnElement[bool],
) -> int:
    """Delete all rows that are due, a part in a transaction, so that nobody waits for long; returns how many."""
    part = select(*key).where(due).limit(DELETED_AT_ONCE)
    count = 0
    while True:
        with open_session() as session:
            gone = session.execute(delete(table).where(tuple_(*key).in_(part)).returning(*key)).all()
        if not gone:
            return count
        count += len(gone)


def raw_connection(session: Session) -> psycopg.Connection[tuple[object, ...]]:
    """The psycopg connection under a session, inside the session's own transaction: for COPY."""
    return session.connection().connection.driver_connection  # type: ignore[return-value]


def copy_rows(session: Session, statement: str, rows: Iterable[bytes]) -> None:
    """Feed `COPY ... FROM STDIN` with rows already in COPY's text form, in blocks of about 256 KB."""
    with (
        _driver_errors(statement),
        raw_connection(session).cursor() as cursor,
        cursor.copy(statement.encode()) as copy,
    ):
        block: list[bytes] = []
        size = 0
        for row in rows:
            block.append(row)
            size += len(row)
            if size > 262_144:
                copy.write(b"".join(block))
                block, size = [], 0
        copy.write(b"".join(block))


@contextmanager
def _driver_errors(statement: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy's, so that callers need to know one kind, whoever ran the statement."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def copy_text(value: bytes) -> bytes:
    """Escape a value for COPY's text form. Compact JSON needs no more: it holds no raw control characters."""
    return value.replace(b"\\", b"\\\\")


def copied_text(value: bytes) -> bytes:
    """Undo `copy_text`: the server writes every backslash of its answer twice."""
    return value.replace(b"\\\\", b"\\")


_CONTROL = {0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x08: "\\b", 0x0B: "\\v", 0x0C: "\\f"}


def copy_field(value: str) -> bytes:
    """Escape any text for COPY's text form."""
    return value.translate(_CONTROL).encode()


def copy_row(*values: object) -> bytes:
    """A line of COPY's text form."""
    return b"\t".join(b"\\N" if value is None else copy_field(str(value)) for value in values) + b"\n"
