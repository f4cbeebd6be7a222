"""Errors as pages."""

import logging
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template
from werkzeug.exceptions import HTTPException

from schemas.database import DATABASE_LOST
from schemas.errors import VbsError
from webapi.errors import headers_of, status_of, told

logger = logging.getLogger(__name__)


def register(app: Flask) -> None:
    app.register_error_handler(VbsError, show_known)
    app.register_error_handler(HTTPException, show_http)
    for lost in DATABASE_LOST:
        app.register_error_handler(lost, show_database_lost)


def show_known(error: VbsError) -> Response:
    response = page(status_of(error), error.message)
    response.headers.update(headers_of(error))
    return response


def show_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    return page(status, error.description or status.phrase)


def show_database_lost(error: Exception) -> Response:
    logger.warning("the database is not available: %s", error)
    return show_known(told(error))


def page(status: HTTPStatus, message: str) -> Response:
    response = make_response(render_template("ui/error.html", status=status, message=message))
    response.status_code = status
    return response
