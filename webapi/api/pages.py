"""The front page for people and `/llms.txt` for agents: what runs, and how to use it from where you are."""

import re
from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import BadRequest

from inference.engines.base import ENDPOINTS
from inference.health import Health, read_health
from schemas.settings import settings
from schemas.version import VERSION
from webapi import display, page_policy

blueprint = Blueprint("pages", __name__)
blueprint.record_once(lambda state: display.register(state.app))
page_policy.harden(blueprint)

HOST: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


@blueprint.get("/")
def show_front_page() -> Response:
    return page("health.html", read_health())


@blueprint.get("/llms.txt")
def show_instructions_for_agents() -> Response:
    response = page("llms.txt", read_health())
    response.mimetype = "text/plain"
    return response


def page(template: str, health: Health) -> Response:
    response = make_response(render_template(template, **facts(health)))
    # What it says depends on who asked and when.
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Host"
    return response


def facts(health: Health) -> dict[str, Any]:
    return {
        "base_url": base_url(),
        "health": health,
        "model": served_model(health) or "MODEL",
        "endpoints": ENDPOINTS,
        "settings": settings(),
        "version": VERSION,
    }


def base_url() -> str:
    """Where this server was reached. The caller wrote it, and others will paste it into a shell."""
    if not HOST.fullmatch(request.host):
        raise BadRequest("The Host header does not name a host.")
    return f"{request.scheme}://{request.host}"


def served_model(health: Health) -> str | None:
    workers = health.inside.workers if health.inside else ()
    return next((worker.model for worker in workers if worker.model), None)
