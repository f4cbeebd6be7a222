"""Signing in with an API key, and out."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface

from inference import api_keys
from schemas.errors import KeyInvalid
from webapi.database import db
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
    try:
        key = api_keys.authenticate(db.session(), request.form.get("key", "").strip())
    except KeyInvalid:
        page = render_template("ui/sign_in.html", next=wanted, error="This key is unknown, or was revoked.")
        return page, HTTPStatus.UNAUTHORIZED
    session.clear()
    session.permanent = True
    session["key_id"] = key.id.hex
    return redirect(wanted if is_ours(wanted) else url_for("home.show"))


@blueprint.post("/sign-out")
@guard.any_role
def sign_out() -> Any:
    session.clear()
    return redirect(url_for("session.show_form"))


def is_ours(address: str) -> bool:
    """A path on this server. Browsers read `//host` and `/\\host` as another one, and drop control characters."""
    return address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
