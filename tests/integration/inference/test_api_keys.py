from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cli.processes import wait_until
from inference import api_keys
from schemas import ids
from schemas.database import session_scope
from schemas.errors import KeyInvalid, KeyNameTaken, KeyNotFound
from schemas.states import Role
from schemas.tables import ApiKey


def test_a_key_authenticates_and_is_not_kept(session: Session) -> None:
    key, plain = api_keys.create(session, "ci", Role.USER)
    assert api_keys.authenticate(session, plain).id == key.id
    (row,) = session.scalars(select(ApiKey)).all()
    kept = [str(getattr(row, column.name)) for column in ApiKey.__table__.columns]
    assert not any(plain.removeprefix(api_keys.PREFIX) in value for value in kept)
    assert plain[-4:] in row.hint


def test_the_tenant_of_a_key_is_its_name_unless_another_is_given(session: Session) -> None:
    assert api_keys.create(session, "ci", Role.USER)[0].tenant == "ci"
    assert api_keys.create(session, "ci", Role.USER, "acme")[0].tenant == "acme"


def test_two_valid_keys_of_a_tenant_have_two_names(session: Session) -> None:
    first, _ = api_keys.create(session, "ci", Role.USER, "acme")
    with pytest.raises(KeyNameTaken, match="'acme' has a valid key named 'ci'"):
        api_keys.create(session, "ci", Role.VIEWER, "acme")
    api_keys.create(session, "ci", Role.USER, "another")
    api_keys.revoke(session, ids.show(ids.KEY, first.id))
    api_keys.create(session, "ci", Role.USER, "acme")


def test_of_two_keys_that_are_made_in_one_instant_the_second_needs_another_name(database_url: str) -> None:
    with ThreadPoolExecutor(1) as meanwhile, session_scope() as first:
        api_keys.create(first, "ci", Role.USER)
        second = meanwhile.submit(create_in_own_session)
        assert wait_until(lambda: waits_for_a_lock(first), 10)
        first.commit()
        assert isinstance(second.exception(10), KeyNameTaken)


def create_in_own_session() -> None:
    with session_scope() as session:
        api_keys.create(session, "ci", Role.USER)


def waits_for_a_lock(session: Session) -> bool:
    return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


@pytest.mark.parametrize("wrong", ["", "vbs-", "vbs-wrong", "x" * 10_000, "vbs-\udc80"])
def test_an_unknown_key_is_refused_without_repeating_it(session: Session, wrong: str) -> None:
    _, plain = api_keys.create(session, "ci", Role.USER)
    for attempt in (wrong, plain[:-1], plain.upper()):
        with pytest.raises(KeyInvalid) as error:
            api_keys.authenticate(session, attempt)
        assert len(attempt) < 8 or attempt not in error.value.message


def test_a_revoked_key_is_refused_and_stays_listed(session: Session) -> None:
    key, plain = api_keys.create(session, "ci", Role.USER)
    api_keys.revoke(session, ids.show(ids.KEY, key.id))
    with pytest.raises(KeyInvalid):
        api_keys.authenticate(session, plain)
    assert [listed.id for listed in api_keys.list_all(session)] == [key.id]


def test_an_unknown_key_can_not_be_revoked(session: Session) -> None:
    with pytest.raises(KeyNotFound):
        api_keys.revoke(session, f"key_{'0' * 32}")
