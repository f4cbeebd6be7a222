"""Work that dies between two of its transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from schemas.database import session_scope


class Interrupted(Exception):
    pass


def interrupting(at: int, act: Callable[[], None]) -> Callable[[], Any]:
    """Sessions like any other; something happens when the so manieth is opened."""
    opened = 0

    @contextmanager
    def open_session() -> Iterator[Session]:
        nonlocal opened
        opened += 1
        if opened == at:
            act()
        with session_scope() as session:
            yield session

    return open_session


def interrupt() -> None:
    raise Interrupted
