"""Slowing down whoever guesses passwords. Counted in PostgreSQL, so that all processes know.

A try is counted before its password is looked at, so that many at once are no faster than one after the other. One that
comes too soon is refused and not counted: nobody can be kept out for longer than the longest wait by what others do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from schemas.database import OpenSession, delete_in_parts
from schemas.errors import TooManyTries
from schemas.tables import SignInTry

LONGEST_SUBJECT: Final = 200
# What lies back that long doesn't count any more.
FORGOTTEN: Final = timedelta(hours=1)
WAIT: Final = """
    CASE WHEN tried.failures < :free OR tried.last_at < now() - :forgotten THEN 0
         ELSE least(power(2, least(tried.failures - :free, 20)), :longest_seconds) END
"""
COUNT: Final = text(f"""
    INSERT INTO sign_in_tries AS tried (subject, failures, last_at) VALUES (:subject, 1, now())
    ON CONFLICT (subject) DO UPDATE
    SET failures = CASE WHEN tried.last_at < now() - :forgotten THEN 1 ELSE tried.failures + 1 END, last_at = now()
    WHERE tried.last_at + make_interval(secs => {WAIT}) <= now()
    RETURNING failures
""")
LEFT: Final = text(f"""
    SELECT ceil(extract(epoch FROM tried.last_at - now()) + {WAIT})::int FROM sign_in_tries AS tried
    WHERE subject = :subject
""")


@dataclass(frozen=True, slots=True)
class Pace:
    """How many failures are free, and how long a wait can become. It doubles with each failure."""

    free: int
    longest_seconds: float


# Behind one address may be a whole office.
OF_ADDRESS: Final = Pace(free=20, longest_seconds=60)
OF_NAME: Final = Pace(free=5, longest_seconds=10)


def count_address(session: Session, address: str) -> None:
    _count(session, _of_address(address), OF_ADDRESS)


def count_name(session: Session, name: str) -> None:
    _count(session, _of_name(name), OF_NAME)


def forget(session: Session, name: str, address: str) -> None:
    """Somebody has signed in. What went wrong before was a slip of his, not of all who share his address."""
    session.execute(delete(SignInTry).where(SignInTry.subject == _of_name(name)))
    of_address = update(SignInTry).where(SignInTry.subject == _of_address(address))
    session.execute(of_address.values(failures=SignInTry.failures - 1))


def purge(open_session: OpenSession, moment: datetime) -> int:
    return delete_in_parts(open_session, SignInTry, [SignInTry.subject], SignInTry.last_at < moment - FORGOTTEN)


def _count(session: Session, subject: str, pace: Pace) -> None:
    wanted = {
        "subject": subject,
        "free": pace.free,
        "longest_seconds": pace.longest_seconds,
        "forgotten": FORGOTTEN,
    }
    if session.scalar(COUNT, wanted) is None:
        raise TooManyTries(max(1, session.scalar(LEFT, wanted) or 1))


def _of_name(name: str) -> str:
    return f"name {name.lower()}"[:LONGEST_SUBJECT]


def _of_address(address: str) -> str:
    return f"address {address}"[:LONGEST_SUBJECT]
