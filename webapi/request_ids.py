"""Every answer carries an id under which its request can be found in the log."""

import secrets
from typing import Final

from flask import Flask, Response, g

HEADER: Final = "x-request-id"


def register(app: Flask) -> None:
    app.before_request(give)
    app.after_request(show)


def new_id() -> str:
    return f"req_{secrets.token_hex(16)}"


def give() -> None:
    g.request_id = new_id()


def show(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    return response
