"""Signing in by name, one's own account, and the page on which administrators see who there is."""

import re

import httpx
import pytest
from sqlalchemy.orm import Session

from inference import audit, people
from inference.audit import Filter
from schemas import ids
from schemas.actions import Action
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import SignInTry
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_dataset_pages import example_of, reviewed

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(session: Session) -> str:
    """The id of a curator who signs in by name."""
    key = people.add(session, "Ada", PASSWORD, Role.CURATOR, "acme")
    session.commit()
    return ids.show(ids.KEY, key.id)


@pytest.fixture
def admin(sign_in: SignIn) -> Visitor:
    return sign_in("root", Role.ADMIN)


def enter(ui_url: str, password: str = PASSWORD, name: str = "ada") -> tuple[Visitor, httpx.Response]:
    visitor = Visitor(ui_url)
    return visitor, visitor.send("/sign-in", name=name, key=password)


def test_somebody_signs_in_by_name_and_what_he_does_carries_it(ui_url: str, ada: str) -> None:
    visitor, answer = enter(ui_url)
    assert answer.url.path == "/"
    reviewed(visitor, ["text"])
    visitor.send(f"{example_of(1)}/change", action="star")
    assert "version 2, Ada" in visitor.see(example_of(1))


def test_a_wrong_password_says_no_more_than_an_unknown_name(ui_url: str, ada: str) -> None:
    answers = [enter(ui_url, "wrong")[1], enter(ui_url, PASSWORD, "nobody")[1]]
    assert [answer.status_code for answer in answers] == [401, 401]
    said = [re.findall(r'role="alert"[^>]*>([^<]*)', answer.text) for answer in answers]
    assert said[0] == said[1] != []


def test_guessing_becomes_slow_and_the_right_password_has_to_wait_too(ui_url: str, ada: str, session: Session) -> None:
    session.add(SignInTry(subject="name ada", failures=20))
    session.commit()
    for password in ("wrong", PASSWORD):
        _, answer = enter(ui_url, password, "ADA")
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 10
        assert "Try again in" in answer.text


def test_where_somebody_has_signed_in_nobody_keeps_him_out(ui_url: str, ada: str) -> None:
    assert enter(ui_url)[1].url.path == "/"
    for _ in range(8):
        assert enter(ui_url, "wrong")[1].status_code == 401
    assert enter(ui_url)[1].url.path == "/"


def test_a_failed_sign_in_is_told_with_the_name(ui_url: str, ada: str, session: Session) -> None:
    enter(ui_url, "wrong")
    (entry,) = audit.list_page(session, Filter(action=Action.SIGN_IN_FAILED), None, 10).items
    assert (entry.who, entry.address) == ("ada", "127.0.0.1")


def test_signing_out_everywhere_ends_all_sessions(ui_url: str, ada: str) -> None:
    here, there = enter(ui_url)[0], enter(ui_url)[0]
    assert here.send("/account/sign-out-everywhere").url.path == "/sign-in"
    for visitor in (here, there):
        assert visitor.http.get("/").url.path == "/sign-in"
    assert enter(ui_url)[1].url.path == "/"


def test_somebody_with_a_key_signs_out_everywhere_too(sign_in: SignIn) -> None:
    visitor = sign_in("acme", Role.VIEWER)
    assert "Signed in since" in visitor.see("/account")
    assert "Change your password" not in visitor.see("/account")
    assert visitor.send("/account/sign-out-everywhere").url.path == "/sign-in"
    assert visitor.http.get("/").url.path == "/sign-in"


def test_a_changed_password_ends_all_other_sessions(ui_url: str, ada: str) -> None:
    here, there = enter(ui_url)[0], enter(ui_url)[0]
    new = {"new_password": "another password", "repeated": "another password"}
    assert here.send("/account/password", old_password="wrong", **new).status_code == 400
    assert here.send("/account/password", old_password=PASSWORD, **new | {"repeated": "x"}).status_code == 400
    assert "password is changed" in here.send("/account/password", old_password=PASSWORD, **new).text
    assert here.http.get("/account").url.path == "/account"
    assert there.http.get("/account").url.path == "/sign-in"
    assert enter(ui_url)[1].status_code == 401
    assert enter(ui_url, "another password")[1].url.path == "/"


def test_an_administrator_adds_somebody(admin: Visitor, ui_url: str) -> None:
    assert "Nobody yet" in admin.see("/people")
    page = admin.send("/people", name="Ada", password=PASSWORD, role="viewer").text
    assert "Ada can sign in now." in page
    visitor, _ = enter(ui_url)
    assert "Role viewer, of root" in visitor.see("/account")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"name": ""}, 400), ({"password": "short"}, 400), ({"role": "king"}, 400), ({"name": "ADA"}, 409)],
)
def test_somebody_who_does_not_fit_is_not_added_and_the_page_says_why(
    admin: Visitor, ada: str, wrong: dict[str, str], status: int
) -> None:
    fields = {"name": "Bob", "password": PASSWORD, "role": "viewer"} | wrong
    answer = admin.send("/people", **fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert answer.text.count("Role of ") == 1


def test_an_administrator_changes_a_role_and_takes_access_away_and_gives_it_back(
    admin: Visitor, ada: str, ui_url: str
) -> None:
    visitor, _ = enter(ui_url)
    admin.send(f"/people/{ada}/role", role="viewer")
    assert "Role viewer" in visitor.see("/account")
    admin.send(f"/people/{ada}/disable")
    assert visitor.http.get("/").url.path == "/sign-in"
    assert enter(ui_url)[1].status_code == 401
    admin.send(f"/people/{ada}/enable")
    assert visitor.http.get("/").url.path == "/sign-in"
    assert enter(ui_url)[1].url.path == "/"
    with session_scope() as session:
        page = audit.list_page(session, Filter(action=Action.PERSON_CHANGED), None, 10)
    assert [entry.details for entry in page.items] == [
        {"name": "Ada", "disabled": False},
        {"name": "Ada", "disabled": True},
        {"name": "Ada", "role": "viewer"},
    ]


def test_nobody_takes_his_own_access_away(admin: Visitor, ada: str, ui_url: str) -> None:
    admin.send(f"/people/{ada}/role", role="admin")
    visitor, _ = enter(ui_url)
    assert visitor.send(f"/people/{ada}/disable").status_code == 409
    assert visitor.send(f"/people/{ada}/role", role="viewer").status_code == 409
    assert "you</span>" in visitor.see("/people")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CURATOR])
def test_only_administrators_see_people(sign_in: SignIn, ada: str, role: Role) -> None:
    other = sign_in("other", role)
    assert other.http.get("/people").status_code == 403
    for path in ("/people", f"/people/{ada}/role", f"/people/{ada}/disable", f"/people/{ada}/enable"):
        assert other.send(path, name="Eve", password=PASSWORD, role="admin").status_code == 403


def test_a_key_is_nobody_on_the_page_of_people(admin: Visitor, session: Session, sign_in: SignIn) -> None:
    sign_in("program")
    assert "program" not in admin.see("/people")
    assert admin.send("/people/key_nonsense/disable").status_code == 404
