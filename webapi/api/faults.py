"""Answers that tell all faults at once, beside the first one that every client reads."""

import flask_smorest
from flask import Response, jsonify

from schemas.errors import FaultsFound
from webapi.error_body import INVALID, error_body


def tell_all(blueprint: flask_smorest.Blueprint) -> None:
    blueprint.register_error_handler(FaultsFound, answer)


def answer(error: FaultsFound) -> Response:
    body = error_body(error.message, INVALID, error.param, error.code)
    body["error"]["faults"] = error.faults
    response = jsonify(body)
    response.status_code = 400
    return response
