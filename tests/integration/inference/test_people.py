"""People: who signs in by name, and how slow it gets for whoever guesses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from inference import api_keys, people, slow_down
from schemas import ids
from schemas.database import session_scope
from schemas.errors import KeyInvalid, PersonNameTaken, PersonNotFound, RequestInvalid, SignInRefused, TooManyTries
from schemas.states import Role
from schemas.tables import ApiKey, Person, SignInTry
from schemas.tables.base import now

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(session: Session) -> ApiKey:
    key = people.add(session, "Ada", PASSWORD, Role.CURATOR, "acme")
    session.commit()
    return key


def test_somebody_signs_in_by_name_whatever_its_case(session: Session, ada: ApiKey) -> None:
    for name in ("Ada", "ada", "ADA"):
        assert people.authenticate(session, name, PASSWORD).id == ada.id
    assert (ada.tenant, ada.role) == ("acme", Role.CURATOR)


@pytest.mark.parametrize(
    ("name", "password"), [("Ada", "wrong"), ("Ada", ""), ("nobody", PASSWORD), ("nobody", ""), ("Ada", "x" * 10_000)]
)
def test_all_that_is_wrong_has_one_answer(session: Session, ada: ApiKey, name: str, password: str) -> None:
    with pytest.raises(SignInRefused, match="don't belong together"):
        people.authenticate(session, name, password)


def test_a_password_is_kept_as_a_slow_hash_only(session: Session, ada: ApiKey) -> None:
    (person,) = session.scalars(select(Person)).all()
    assert person.password_hash.startswith("scrypt:")
    assert PASSWORD not in person.password_hash


def test_a_person_is_no_token(session: Session, ada: ApiKey) -> None:
    for guess in ("", PASSWORD, ada.hint, ada.digest.hex()):
        with pytest.raises(KeyInvalid):
            api_keys.authenticate(session, guess)


@pytest.mark.parametrize("password", ["", "short", "x" * 201, "null \0 character"])
def test_a_password_that_does_not_fit_is_refused(session: Session, password: str) -> None:
    with pytest.raises(RequestInvalid):
        people.add(session, "Ada", password, Role.CURATOR, "acme")


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "\u202eevil"])
def test_a_name_is_one_printable_line(session: Session, name: str) -> None:
    with pytest.raises(RequestInvalid):
        people.add(session, name, PASSWORD, Role.CURATOR, "acme")


def test_a_name_is_one_of_its_kind_in_all_tenants(session: Session, ada: ApiKey) -> None:
    with pytest.raises(PersonNameTaken):
        people.add(session, "ADA", PASSWORD, Role.VIEWER, "another")
    api_keys.create(session, "hr", Role.USER, "acme")
    with pytest.raises(PersonNameTaken):
        people.add(session, "hr", PASSWORD, Role.VIEWER, "acme")
    assert [key.name for key in people.list_all(session)] == ["Ada"]


def test_who_is_disabled_is_out_until_enabled_again(session: Session, ada: ApiKey) -> None:
    people.disable(session, people.named(session, "ada"))
    with pytest.raises(SignInRefused):
        people.authenticate(session, "Ada", PASSWORD)
    people.enable(session, people.find(session, ids.show(ids.KEY, ada.id)))
    assert people.authenticate(session, "Ada", PASSWORD).id == ada.id


def test_a_token_is_no_person(session: Session) -> None:
    key, _ = api_keys.create(session, "hr", Role.USER)
    for missing in ("hr", "nobody"):
        with pytest.raises(PersonNotFound):
            people.named(session, missing)
    with pytest.raises(PersonNotFound):
        people.find(session, ids.show(ids.KEY, key.id))


def test_a_new_password_takes_the_place_of_the_old_one_and_ends_all_sessions(session: Session, ada: ApiKey) -> None:
    people.change_password(session, ada, "another password")
    session.commit()
    with pytest.raises(SignInRefused):
        people.authenticate(session, "Ada", PASSWORD)
    assert people.authenticate(session, "Ada", "another password").sessions_from is not None


def fail(session: Session, times: int, name: str = "ada") -> None:
    for _ in range(times):
        slow_down.count_name(session, name)
    session.commit()


def later(session: Session, seconds: float) -> None:
    """As if this time had passed."""
    session.execute(update(SignInTry).values(last_at=SignInTry.last_at - timedelta(seconds=seconds)))
    session.commit()


def test_the_first_failures_are_free_and_each_more_doubles_the_wait(session: Session) -> None:
    fail(session, 5)
    waits = []
    for _ in range(6):
        with pytest.raises(TooManyTries) as refused:
            slow_down.count_name(session, "ADA")
        waits.append(refused.value.retry_after_seconds)
        later(session, refused.value.retry_after_seconds)
        fail(session, 1)
    assert waits == [1, 2, 4, 8, 10, 10]


def test_what_is_refused_is_not_counted(session: Session) -> None:
    fail(session, 5)
    for _ in range(100):
        with pytest.raises(TooManyTries):
            slow_down.count_name(session, "ada")
    later(session, 1)
    fail(session, 1)


def test_many_tries_at_once_are_no_faster_than_one_after_the_other(session: Session) -> None:
    fail(session, 5)
    for seconds in (1, 2, 4, 8):
        later(session, seconds)
        fail(session, 1)
    later(session, 10)

    def attempt(_: int) -> bool:
        with session_scope() as own:
            try:
                slow_down.count_name(own, "ada")
            except TooManyTries:
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 1


def test_one_name_and_one_address_do_not_slow_down_another(session: Session) -> None:
    fail(session, 5)
    slow_down.count_name(session, "bob")
    for _ in range(20):
        slow_down.count_address(session, "192.0.2.1")
    with pytest.raises(TooManyTries):
        slow_down.count_address(session, "192.0.2.1")
    slow_down.count_address(session, "192.0.2.2")


def test_who_has_signed_in_begins_anew(session: Session) -> None:
    fail(session, 4)
    slow_down.forget(session, "Ada", "192.0.2.1")
    fail(session, 5)


def test_an_hour_later_all_is_forgotten(session: Session) -> None:
    fail(session, 5)
    later(session, 3601)
    fail(session, 5)
    assert slow_down.purge(session_scope, now()) == 0
    assert slow_down.purge(session_scope, now() + timedelta(hours=2)) == 1
