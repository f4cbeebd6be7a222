"""The first page: what runs, who serves, and how the latest batches are getting on."""

from typing import Final

from flask import Blueprint, render_template

from inference import batches
from inference.health import read_health
from webapi.database import db
from webapi.ui.guard import tenant

blueprint = Blueprint("home", __name__)
RECENT: Final = 8


@blueprint.get("/")
def show() -> str:
    recent = batches.list_page(db.session(), tenant(), None, RECENT).items
    progress = batches.progress(db.session(), recent)
    return render_template("ui/home.html", health=read_health(), batches=recent, progress=progress)
