"""Signing in and out, and what a form from somebody else's page can do: nothing."""

import httpx
import pytest
from sqlalchemy.orm import Session

from inference import api_keys
from schemas import ids
from schemas.states import Role
from tests.integration.webapi_pages.conftest import SignIn, Visitor


@pytest.mark.parametrize("path", ["/", "/batches", "/files", "/new", "/example.jsonl", "/batches/batch_x"])
def test_strangers_are_asked_to_sign_in(ui_url: str, path: str) -> None:
    answer = httpx.get(ui_url + path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in")


def test_a_wrong_key_is_told_and_not_shown_again(ui_url: str) -> None:
    answer = Visitor(ui_url).send("/sign-in", key="vbs-wrong-key-of-somebody")
    assert answer.status_code == 401
    assert "unknown, or was revoked" in answer.text
    assert "vbs-wrong-key" not in answer.text


def test_the_session_cookie_is_closed_to_scripts_and_other_sites(ui_url: str) -> None:
    cookie = httpx.get(f"{ui_url}/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_signing_out_ends_the_session(sign_in: SignIn) -> None:
    visitor = sign_in()
    assert "What is running" in visitor.see("/")
    assert visitor.send("/sign-out").url.path == "/sign-in"
    assert visitor.http.get("/").url.path == "/sign-in"


def test_a_revoked_key_is_out_at_once(sign_in: SignIn, session: Session) -> None:
    visitor = sign_in("leaver")
    (key,) = (key for key in api_keys.list_all(session) if key.name == "leaver")
    api_keys.revoke(session, ids.show(ids.KEY, key.id))
    session.commit()
    assert visitor.http.get("/").url.path == "/sign-in"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/new", "/batches/batch_x/cancel", "/batches/batch_x/retry"])
@pytest.mark.parametrize("token", [None, "guessed", "\N{SNOWMAN}"])
def test_a_form_without_our_token_is_refused(sign_in: SignIn, path: str, token: str | None) -> None:
    fields = {} if token is None else {"csrf_token": token}
    answer = sign_in().http.post(path, data=fields, files={"x": (None, "y")} if path == "/new" else None)
    assert answer.status_code == 400
    assert "open for too long" in answer.text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_signing_in_never_leads_to_another_site(ui_url: str, session: Session, elsewhere: str) -> None:
    _, plain = api_keys.create(session, "acme", Role.USER)
    session.commit()
    visitor = Visitor(ui_url)
    token = visitor.token()
    visitor.http.follow_redirects = False
    answer = visitor.http.post("/sign-in", data={"csrf_token": token, "key": plain, "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_signing_in_leads_to_the_page_that_was_wanted(ui_url: str, session: Session) -> None:
    _, plain = api_keys.create(session, "acme", Role.USER)
    session.commit()
    visitor = Visitor(ui_url)
    assert visitor.http.get("/files?after=x").url.params["next"] == "/files?after=x"
    assert visitor.send("/sign-in", key=plain, next="/files").url.path == "/files"


def test_pages_are_kept_by_no_cache_and_framed_by_nobody(sign_in: SignIn) -> None:
    answer = sign_in().http.get("/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
