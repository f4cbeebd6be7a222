"""Signing in, with a name and a password or with an API key, and out."""

import time
from typing import Any

from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface

from inference import api_keys, people, slow_down
from schemas.actions import Action
from schemas.errors import KeyInvalid, SignInRefused, TooManyTries, VbsError
from schemas.tables import ApiKey
from schemas.text import storable
from webapi import audit
from webapi.database import db
from webapi.errors import headers_of, status_of
from webapi.ui import guard

blueprint = Blueprint("session", __name__)


class CookieSession(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:
        """Never sent in clear once it was given over https; plain http is what a machine at home speaks."""
        return request.is_secure


@blueprint.get("/sign-in")
@guard.public
def show_form() -> str:
    return render_template("ui/sign_in.html", next=request.args.get("next", ""))


@blueprint.post("/sign-in")
@guard.public
def sign_in() -> Any:
    wanted = request.form.get("next", "")
    name, secret = storable(request.form.get("name", "").strip()), request.form.get("key", "")
    try:
        g.key = by_name(name, secret) if name else api_keys.authenticate(db.session(), secret.strip())
    except (KeyInvalid, TooManyTries) as error:
        audit.note_stranger(name)
        page = render_template("ui/sign_in.html", next=wanted, name=name, error=said_of(error))
        return page, status_of(error), headers_of(error)
    audit.note_now(Action.SIGNED_IN)
    begin(g.key)
    return redirect(wanted if is_ours(wanted) else url_for("home.show"))


def by_name(name: str, password: str) -> ApiKey:
    address = request.remote_addr or ""
    slow_down.count_address(db.session(), address)
    # What others do elsewhere doesn't hold somebody up who comes from where he has come from before.
    if not people.has_come_from(db.session(), name, address):
        slow_down.count_name(db.session(), name)
    # Who tries the same meanwhile is counted before this password is looked at, which takes a while.
    db.session.commit()
    key = people.authenticate(db.session(), name, password)
    slow_down.forget(db.session(), name, address)
    return key


def said_of(error: VbsError) -> str:
    known = isinstance(error, SignInRefused | TooManyTries)
    return error.message if known else "This key is unknown, or was revoked."


def begin(key: ApiKey) -> None:
    session.clear()
    session.permanent = True
    session["key_id"] = key.id.hex
    session["began"] = time.time()


@blueprint.post("/sign-out")
@guard.any_role
def sign_out() -> Any:
    session.clear()
    return redirect(url_for("session.show_form"))


def is_ours(address: str) -> bool:
    """A path on this server. Browsers read `//host` and `/\\host` as another one, and drop control characters."""
    return address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
