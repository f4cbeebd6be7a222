"""Every answer carries an id under which its request can be found in the log."""

import secrets

from flask import Flask, Response, g


def register(app: Flask) -> None:
    app.before_request(give)
    app.after_request(show)


def give() -> None:
    g.request_id = f"req_{secrets.token_hex(16)}"


def show(response: Response) -> Response:
    response.headers["x-request-id"] = g.request_id
    return response
