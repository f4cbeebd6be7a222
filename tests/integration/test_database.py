"""What COPY's text form carries through a real server."""

import string
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from schemas.database import (
    CONNECT_ARGS,
    copied_text,
    copy_field,
    copy_rows,
    copy_text,
    driver_url,
    raw_connection,
    session_scope,
    unpooled_engine,
)

# PostgreSQL's text can't hold NUL.
letters = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
texts = st.text(letters | st.sampled_from("\\\n\r\t\b\v\f,\"'"))
one_database = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def scratch(session: Session) -> Session:
    session.execute(text("CREATE TEMPORARY TABLE scratch (custom_id text, body text)"))
    return session


@one_database
@given(custom_id=texts, body=st.dictionaries(texts, texts | st.booleans() | st.none()))
def test_any_text_and_any_json_come_back_as_they_went_in(
    scratch: Session, custom_id: str, body: dict[str, object]
) -> None:
    scratch.execute(text("TRUNCATE scratch"))
    row = copy_field(custom_id) + b"\t" + copy_text(orjson.dumps(body)) + b"\n"
    copy_rows(scratch, "COPY scratch FROM STDIN", [row])
    stored_id, stored_body = scratch.execute(text("SELECT * FROM scratch")).one()
    assert stored_id == custom_id
    assert orjson.loads(stored_body) == body
    with raw_connection(scratch).cursor() as cursor, cursor.copy("COPY scratch (body) TO STDOUT") as copy:
        [line] = [bytes(data) for data in copy]
    assert copied_text(line) == orjson.dumps(body) + b"\n"


def test_many_rows_are_copied_whole_and_in_order(scratch: Session) -> None:
    filler = string.ascii_letters * 40
    copy_rows(scratch, "COPY scratch FROM STDIN", (f"{n}\t{filler}\n".encode() for n in range(1000)))
    stored = scratch.scalars(text("SELECT custom_id FROM scratch ORDER BY ctid")).all()
    assert stored == [str(n) for n in range(1000)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
    ],
)
def test_any_spelling_of_a_postgresql_address_names_our_driver(url: str, expected: str) -> None:
    assert driver_url(url) == expected


def test_a_connection_of_a_moment_too_notices_a_peer_that_is_gone_and_may_have_limits_of_its_own(
    database_url: str,
) -> None:
    with Session(unpooled_engine(database_url, connect_timeout=2)) as session:
        chosen = raw_connection(session).info.get_parameters()
    assert {name: chosen.get(name) for name in CONNECT_ARGS} == {
        **{name: str(value) for name, value in CONNECT_ARGS.items()},
        "connect_timeout": "2",
    }


def test_a_connection_that_is_lost_while_it_copies_raises_what_any_lost_connection_does(scratch: Session) -> None:
    backend = scratch.scalar(text("SELECT pg_backend_pid()"))

    def rows() -> Iterator[bytes]:
        with session_scope() as another:
            another.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})
        for number in range(100_000):
            yield b"%d\tbody\n" % number

    with pytest.raises(OperationalError):
        copy_rows(scratch, "COPY scratch FROM STDIN", rows())
    scratch.invalidate()


def test_a_row_that_is_there_already_raises_what_any_double_row_does(scratch: Session) -> None:
    scratch.execute(text("CREATE UNIQUE INDEX ON scratch (custom_id)"))
    with pytest.raises(IntegrityError):
        copy_rows(scratch, "COPY scratch FROM STDIN", [b"a\tbody\n", b"a\tbody\n"])
