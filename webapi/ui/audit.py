"""The page of the audit log, for administrators."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from flask import Blueprint, render_template, request

from inference import audit
from schemas.actions import Action
from schemas.errors import RequestInvalid
from schemas.states import Role
from schemas.text import storable
from webapi.database import db
from webapi.form_values import one_or_any
from webapi.ui.guard import reads

blueprint = Blueprint("audit", __name__)
PAGE: Final = 50
FILTERS: Final = ("action", "who", "since", "until")
DAY: Final = timedelta(days=1)


@blueprint.get("/audit")
@reads(Role.ADMIN)
def show() -> str:
    address = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    page = audit.list_page(db.session(), read_filter(), request.args.get("after"), PAGE)
    return render_template("ui/audit.html", page=page, address=address, actions=list(Action))


def read_filter() -> audit.Filter:
    """From the beginning of one day to the end of another."""
    who = storable(request.args.get("who", "")).strip()
    return audit.Filter(one_or_any(Action, request.args, "action"), who or None, _day("since"), _day("until", DAY))


def _day(name: str, later: timedelta = timedelta()) -> datetime | None:
    given = request.args.get(name)
    try:
        return datetime.combine(date.fromisoformat(given), time(), UTC) + later if given else None
    except (ValueError, OverflowError):
        raise RequestInvalid(f"`{name}` is a date, such as 2026-01-31.", param=name) from None
