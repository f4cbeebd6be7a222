"""What callers are told of a database that did not do what they asked."""

import pytest
from psycopg.errors import AdminShutdown, QueryCanceled
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from webapi.errors import told


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OperationalError("SELECT", None, QueryCanceled("statement timeout")), "took_too_long", "Ask for less"),
        (OperationalError("SELECT", None, AdminShutdown("shutting down")), "unavailable", "can't be reached"),
        (PoolExhausted("no connection"), "unavailable", "can't be reached"),
    ],
)
def test_what_took_too_long_is_told_apart_from_a_database_that_is_away(error: Exception, code: str, words: str) -> None:
    known = told(error)
    assert known.code == code
    assert words in known.message
