"""Errors as bodies in the shape OpenAI's clients read."""

import logging
from http import HTTPStatus
from typing import Any, Final

import marshmallow as ma
from flask import Flask, Response, g, jsonify, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException

from inference.file_store import FULL
from schemas import errors
from schemas.database import DATABASE_LOST
from webapi.error_body import INVALID, SERVER, error_body
from webapi.errors import TABLE, headers_of, told

logger = logging.getLogger(__name__)

KEPT_HEADERS: Final = ("Allow", "Content-Range", "Retry-After")


class ErrorDetail(ma.Schema):
    message = ma.fields.String(required=True)
    type = ma.fields.String(required=True)
    param = ma.fields.String(allow_none=True, required=True)
    code = ma.fields.String(allow_none=True, required=True)


class Error(ma.Schema):
    error = ma.fields.Nested(ErrorDetail, required=True)


def register(app: Flask) -> None:
    app.register_error_handler(errors.VbsError, answer_known)
    for lost in DATABASE_LOST:
        app.register_error_handler(lost, answer_database_lost)
    app.register_error_handler(OSError, answer_os_error)
    app.register_error_handler(ParseException, answer_broken_body)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, answer_unexpected)


def answer_known(error: errors.VbsError) -> Response:
    for kind, status, type_ in TABLE:
        if isinstance(error, kind):
            return error_response(status, error.message, type_, error.param, error.code, headers_of(error))
    return answer_unexpected(error)


def answer_database_lost(error: Exception) -> Response:
    logger.warning("request %s: the database is not available: %s", g.request_id, error)
    return answer_known(told(error))


def answer_os_error(error: OSError) -> Response:
    if error.errno not in FULL:
        return answer_unexpected(error)
    logger.error("request %s: %s", g.request_id, error)
    return answer_known(errors.StorageFull("The server can't store more data right now. Please try again later."))


def answer_broken_body(error: Exception) -> Response:
    """gunicorn reads a body as it is asked for it, so it is here that one cut into wrong chunks shows."""
    return answer_known(errors.RequestInvalid(f"The body can't be read: {error}.", code="invalid_body"))


def answer_http(error: HTTPException) -> Response:
    """What Flask and werkzeug find wrong with a request by themselves."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    headers = {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}
    if status == HTTPStatus.NOT_FOUND:
        message = f"Unknown request URL: {request.method} {request.path}."
        return error_response(status, message, INVALID, None, "unknown_url")
    kind = SERVER if status >= HTTPStatus.INTERNAL_SERVER_ERROR else INVALID
    code = status.phrase.lower().replace(" ", "_")
    return error_response(status, error.description or status.phrase, kind, None, code, headers)


def answer_unexpected(error: Exception) -> Response:
    logger.error("request %s: %s %s failed", g.request_id, request.method, request.path, exc_info=error)
    message = f"The server had an error while processing your request. It is logged under {g.request_id}."
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, message, SERVER, None, None)


def error_response(
    status: HTTPStatus, message: str, kind: str, param: str | None, code: str | None, headers: Any = None
) -> Response:
    response = jsonify(error_body(message, kind, param, code))
    response.status_code = status
    response.headers.update(headers or {})
    return response
