"""The page of people, for administrators: who there is, who may what, and who may no more."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from inference import people
from schemas import ids
from schemas.actions import Action
from schemas.errors import Conflict, VbsError
from schemas.states import Role
from schemas.tables import ApiKey
from webapi import audit
from webapi.database import db
from webapi.errors import status_of
from webapi.form_values import one_of
from webapi.ui.guard import needs, reads

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
@reads(Role.ADMIN)
def show_all() -> str:
    return page()


@blueprint.post("/people")
@needs(Role.ADMIN)
def add() -> Any:
    form = request.form
    try:
        new = people.add(
            db.session(),
            form.get("name", ""),
            form.get("password", ""),
            one_of(Role, request.form, "role"),
            form.get("tenant", "") or g.key.tenant,
        )
    except VbsError as error:
        db.session.rollback()
        return page(error.message), status_of(error)
    audit.note(Action.PERSON_ADDED, ids.show(ids.KEY, new.id), name=new.name, role=new.role, tenant=new.tenant)
    db.session.commit()
    flash(f"{new.name} can sign in now.")
    return redirect(url_for("people.show_all"), HTTPStatus.SEE_OTHER)


@blueprint.post("/people/<person_id>/role")
@needs(Role.ADMIN)
def change_role(person_id: str) -> Any:
    person = somebody_else(person_id)
    person.role = one_of(Role, request.form, "role")
    return changed(person, person_id, f"{person.name} has the role {person.role} now.", role=person.role)


@blueprint.post("/people/<person_id>/disable")
@needs(Role.ADMIN)
def disable(person_id: str) -> Any:
    person = somebody_else(person_id)
    people.disable(db.session(), person)
    return changed(person, person_id, f"{person.name} can't sign in any more.", disabled=True)


@blueprint.post("/people/<person_id>/enable")
@needs(Role.ADMIN)
def enable(person_id: str) -> Any:
    person = people.find(db.session(), person_id)
    people.enable(db.session(), person)
    return changed(person, person_id, f"{person.name} can sign in again.", disabled=False)


def page(error: str | None = None) -> str:
    return render_template("ui/people.html", people=people.list_all(db.session()), roles=list(Role), error=error)


def somebody_else(person_id: str) -> ApiKey:
    """So that no administrator locks himself out."""
    person = people.find(db.session(), person_id)
    if person.id == g.key.id:
        raise Conflict("Nobody can take their own role or access away: ask another administrator.")
    return person


def changed(person: ApiKey, person_id: str, said: str, **details: Any) -> Any:
    audit.note(Action.PERSON_CHANGED, person_id, name=person.name, **details)
    db.session.commit()
    flash(said)
    return redirect(url_for("people.show_all"), HTTPStatus.SEE_OTHER)
