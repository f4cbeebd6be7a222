"""Who may open a page or press a button: closed unless a view says otherwise, so that none can forget to ask."""

import hmac
import secrets
from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from markupsafe import Markup
from werkzeug.exceptions import BadRequest

from schemas.actions import Action
from schemas.errors import RoleTooLow
from schemas.states import Role
from schemas.tables import ApiKey
from webapi import audit
from webapi.database import db
from webapi.methods import READING

TOKEN_FIELD: Final = "csrf_token"

View = TypeVar("View", bound=Callable[..., Any])


def register(app: Flask) -> None:
    app.before_request(check_form)
    app.before_request(admit)
    app.after_request(forbid_caching)
    app.add_template_global(token_field)


def public(view: View) -> View:
    """A page for people who haven't signed in."""
    view.public = True  # type: ignore[attr-defined]
    return view


def any_role(view: View) -> View:
    """A form that changes nothing, which a viewer may send too."""
    view.any_role = True  # type: ignore[attr-defined]
    return view


def needs(role: Role) -> Callable[[View], View]:
    """A form for which it takes more than the usual role."""

    def mark(view: View) -> View:
        view.needs = role  # type: ignore[attr-defined]
        return view

    return mark


def reads(role: Role) -> Callable[[View], View]:
    """A page for which it takes more than any role."""

    def mark(view: View) -> View:
        view.reads = role  # type: ignore[attr-defined]
        return view

    return mark


def reads_form_itself(view: View) -> View:
    """A view that streams its form; it must call `check_token` with what it read."""
    view.reads_form_itself = True  # type: ignore[attr-defined]
    return view


def says(mark: str, default: Any = False) -> Any:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, mark, default)


def check_form() -> None:
    if request.method not in READING and not says("reads_form_itself"):
        check_token(request.form.get(TOKEN_FIELD, ""))


def check_token(shown: str) -> None:
    if not hmac.compare_digest(shown.encode(), csrf_token().encode()):
        raise BadRequest("This page was open for too long. Go back, reload it, and try again.")


def csrf_token() -> str:
    """The word that a form of ours repeats, and that a form on somebody else's page can't know."""
    token: str = session.setdefault("csrf", secrets.token_urlsafe(24))
    return token


def token_field() -> Markup:
    """What every form of ours begins with."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, csrf_token())


def admit() -> Any:
    if request.endpoint in (None, "static") or says("public"):
        return None
    key = signed_in_key()
    if key is None:
        return redirect(url_for("session.show_form", next=wanted_page()))
    g.key = key
    needed = needed_role()
    if not Role(key.role).allows(needed):
        audit.note_now(Action.ROLE_REFUSED, request.endpoint or "", needed=needed)
        raise RoleTooLow(f"Your key has the role '{key.role}'; this needs '{needed}'.")
    return None


def needed_role() -> Role:
    if request.method in READING:
        return Role(says("reads", Role.VIEWER))
    return Role.VIEWER if says("any_role") else Role(says("needs", Role.USER))


def wanted_page() -> str | None:
    """Where to go after signing in. A form can't be sent again, so it is not a place to go."""
    if request.method not in READING:
        return None
    return request.full_path if request.query_string else request.path


def signed_in_key() -> ApiKey | None:
    """Read anew for every page, so that a revoked key is out at once."""
    key = db.session.get(ApiKey, session["key_id"]) if "key_id" in session else None
    if key is None or key.revoked_at is not None:
        return None
    is_over = key.sessions_from is not None and session.get("began", 0.0) < key.sessions_from.timestamp()
    return None if is_over else key


def tenant() -> str:
    key: ApiKey = g.key
    return key.tenant


def forbid_caching(response: Response) -> Response:
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
