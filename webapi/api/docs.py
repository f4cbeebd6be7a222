"""The two readers of our OpenAPI document. Their files come from a package on this machine, never from a CDN."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, render_template, send_from_directory
from werkzeug.exceptions import NotFound

from webapi import page_policy

blueprint = Blueprint("docs", __name__)
# Both libraries style their pages from within scripts, and ReDoc searches in a worker of its own making.
page_policy.harden(blueprint, style_src="'self' 'unsafe-inline'", worker_src="'self' blob:")

ASSETS: Final = {
    "swagger-ui.css": "swagger-ui-dist",
    "swagger-ui-bundle.js": "swagger-ui-dist",
    "redoc.standalone.js": "redoc/bundles",
}
DAY_SECONDS: Final = 86_400


@blueprint.get("/docs")
def show_swagger_ui() -> str:
    return render_template("swagger.html")


@blueprint.get("/redoc")
def show_redoc() -> str:
    return render_template("redoc.html")


@blueprint.get("/docs/assets/<name>")
def send_asset(name: str) -> Response:
    if name not in ASSETS:
        raise NotFound
    return send_from_directory(sidecar() / ASSETS[name], name, max_age=DAY_SECONDS)


@cache
def sidecar() -> Path:
    """The package's folder of static files. The package itself is for Django and is never imported."""
    spec = find_spec("drf_spectacular_sidecar")
    if spec is None or not spec.submodule_search_locations:
        raise NotFound("The documentation's assets are not installed.")
    return Path(spec.submodule_search_locations[0]) / "static" / "drf_spectacular_sidecar"
