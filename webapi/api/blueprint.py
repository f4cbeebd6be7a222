"""The blueprint of every `/v1` resource: closed unless a key opens it, so that no view can forget to ask."""

import flask_smorest
from flask import Response, g, request
from werkzeug.exceptions import NotFound

from schemas.states import Role
from webapi.api.arguments import ArgumentParser
from webapi.api.auth import admit
from webapi.methods import READING


class Blueprint(flask_smorest.Blueprint):
    ARGUMENTS_PARSER = ArgumentParser()

    def __init__(
        self,
        name: str,
        module: str,
        description: str,
        *,
        reads: Role = Role.VIEWER,
        writes: Role = Role.USER,
        prefix: str = "/v1",
    ) -> None:
        super().__init__(name, module, url_prefix=prefix, description=description)
        self.before_request(refuse_nul)
        self.before_request(lambda: admit(reads if request.method in READING else writes))
        self.after_request(show_rate)


def refuse_nul() -> None:
    """No id or name holds a NUL, and PostgreSQL takes none."""
    if "\0" in request.path:
        raise NotFound


def show_rate(response: Response) -> Response:
    rate = g.get("rate")
    if rate is not None and rate.limit:
        response.headers["x-ratelimit-limit-requests"] = str(rate.limit)
        response.headers["x-ratelimit-remaining-requests"] = str(rate.remaining)
        response.headers["x-ratelimit-reset-requests"] = f"{rate.reset_seconds}s"
    return response
