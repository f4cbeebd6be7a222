"""What somebody may do about himself: see since when he is signed in, change his password, sign out everywhere."""

from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for

from inference import people, slow_down
from inference.audit import Filter, list_page
from schemas.actions import Action
from schemas.errors import RequestInvalid
from webapi import audit
from webapi.database import db
from webapi.ui.guard import any_role

blueprint = Blueprint("account", __name__)
SIGN_INS_SHOWN: Final = 5


@blueprint.get("/account")
def show() -> str:
    mine = Filter(action=Action.SIGNED_IN, key_id=g.key.id)
    return render_template(
        "ui/account.html",
        began=datetime.fromtimestamp(session["began"], UTC) if "began" in session else None,
        is_person=people.is_person(db.session(), g.key),
        sign_ins=list_page(db.session(), mine, None, SIGN_INS_SHOWN).items,
    )


@blueprint.post("/account/password")
@any_role
def change_password() -> Any:
    """All other sessions end with the old password."""
    if not people.is_person(db.session(), g.key):
        raise RequestInvalid("Who signs in with a key has no password.")
    if request.form.get("new_password") != request.form.get("repeated"):
        raise RequestInvalid("The new password and its repetition differ.", param="repeated")
    slow_down.count_name(db.session(), g.key.name)
    db.session.commit()
    people.check_password(db.session(), g.key, request.form.get("old_password", ""))
    people.change_password(db.session(), g.key, request.form.get("new_password", ""))
    audit.note(Action.PASSWORD_CHANGED)
    db.session.commit()
    session["began"] = g.key.sessions_from.timestamp()
    flash("Your password is changed. You are signed out everywhere else.")
    return redirect(url_for("account.show"))


@blueprint.post("/account/sign-out-everywhere")
@any_role
def sign_out_everywhere() -> Any:
    people.sign_out_everywhere(g.key)
    audit.note(Action.SIGNED_OUT_EVERYWHERE)
    db.session.commit()
    session.clear()
    return redirect(url_for("session.show_form"))
