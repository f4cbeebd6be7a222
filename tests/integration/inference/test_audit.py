"""The audit log: what is told, how often, and that nobody changes it afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from inference import audit
from inference.audit import Actor, Filter
from schemas import ids
from schemas.actions import Action
from schemas.database import session_scope
from schemas.errors import CursorUnknown
from schemas.tables import AuditEntry
from schemas.tables.base import now

ADA = Actor("ada", "192.0.2.1", "acme")
BOB = Actor("bob", "192.0.2.2", "acme")
EVERYTHING = Filter()


def subjects(session: Session, wanted: Filter = EVERYTHING) -> list[str]:
    return [entry.subject for entry in audit.list_page(session, wanted, None, 100).items]


def test_an_entry_is_told_in_the_transaction_of_what_it_tells_of(session: Session) -> None:
    audit.note(session, ADA, Action.DATASET_DELETED, "ds_1")
    session.rollback()
    assert subjects(session) == []


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET who = 'eve'", "TRUNCATE audit_entries"])
def test_nobody_changes_an_entry(session: Session, statement: str) -> None:
    audit.note(session, ADA, Action.DATASET_DELETED, "ds_1")
    session.commit()
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text(statement))


def test_what_repeats_is_told_once_a_minute_of_each(session: Session) -> None:
    for actor in (ADA, ADA, BOB):
        for subject in ("file-1", "file-2"):
            audit.note(session, actor, Action.DATA_DOWNLOADED, subject)
            session.flush()
    assert sorted(subjects(session)) == ["file-1", "file-1", "file-2", "file-2"]


def test_a_stranger_who_tries_many_names_fills_no_log(session: Session) -> None:
    for number in range(20):
        audit.note(session, Actor(f"name {number}", "192.0.2.9"), Action.SIGN_IN_FAILED)
        session.flush()
    assert len(subjects(session)) == 1


def test_what_changes_something_is_told_every_time(session: Session) -> None:
    for _ in range(3):
        audit.note(session, ADA, Action.EXAMPLES_CHANGED, "chg_1", examples=2)
        session.flush()
    assert len(subjects(session)) == 3


def test_entries_are_found_by_who_what_and_when(session: Session) -> None:
    began = now()
    for number, actor in enumerate((ADA, BOB, ADA)):
        audit.note(session, actor, Action.KEY_CREATED if number else Action.KEY_REVOKED, str(number))
        session.flush()
    assert subjects(session) == ["2", "1", "0"]
    assert subjects(session, Filter(who="ada")) == ["2", "0"]
    assert subjects(session, Filter(action=Action.KEY_CREATED)) == ["2", "1"]
    assert subjects(session, Filter(who="ada", action=Action.KEY_CREATED)) == ["2"]
    assert subjects(session, Filter(since=began - timedelta(seconds=1))) == ["2", "1", "0"]
    assert subjects(session, Filter(until=began - timedelta(seconds=1))) == []


def test_pages_go_on_where_the_last_one_ended(session: Session) -> None:
    for number in range(5):
        audit.note(session, ADA, Action.KEY_CREATED, str(number))
        session.flush()
    seen, after = [], None
    while True:
        page = audit.list_page(session, Filter(), after, 2)
        seen += [entry.subject for entry in page.items]
        if not page.has_more:
            break
        after = ids.show(ids.AUDIT_ENTRY, page.items[-1].id)
    assert seen == ["4", "3", "2", "1", "0"]
    with pytest.raises(CursorUnknown):
        audit.list_page(session, Filter(), "aud_x", 2)


def test_what_is_older_than_a_year_is_purged(session: Session) -> None:
    audit.note(session, ADA, Action.KEY_CREATED, "now")
    session.commit()
    assert audit.purge(session_scope, now() + timedelta(days=364)) == 0
    assert audit.purge(session_scope, now() + timedelta(days=366)) == 1
    assert session.scalars(select(AuditEntry.id)).all() == []
