"""From errors to HTTP: one table, and bodies in the shape OpenAI's clients read."""

import logging
from http import HTTPStatus
from typing import Any, Final

import marshmallow as ma
from flask import Flask, Response, g, jsonify, request
from gunicorn.http.errors import ParseException
from psycopg.errors import QueryCanceled
from werkzeug.exceptions import HTTPException

from inference.file_store import FULL
from schemas import errors
from schemas.database import DATABASE_LOST
from webapi.error_body import INVALID, SERVER, error_body

logger = logging.getLogger(__name__)

# The first row that fits decides; what no row fits is a fault of ours.
TABLE: Final[tuple[tuple[type[errors.VbsError], HTTPStatus, str], ...]] = (
    (errors.NotFound, HTTPStatus.NOT_FOUND, INVALID),
    (errors.RequestInvalid, HTTPStatus.BAD_REQUEST, INVALID),
    (errors.Conflict, HTTPStatus.CONFLICT, INVALID),
    (errors.PayloadTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, INVALID),
    (errors.KeyInvalid, HTTPStatus.UNAUTHORIZED, INVALID),
    (errors.RoleTooLow, HTTPStatus.FORBIDDEN, INVALID),
    (errors.QuotaExceeded, HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_error"),
    (errors.Unavailable, HTTPStatus.SERVICE_UNAVAILABLE, SERVER),
    (errors.EngineError, HTTPStatus.SERVICE_UNAVAILABLE, SERVER),
)
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


def told(error: Exception) -> errors.Unavailable:
    """What the database could not do, as far as its caller can act on it."""
    if isinstance(getattr(error, "orig", None), QueryCanceled):
        message = "The database gave up on this because it took too long. Ask for less at once, or try again later."
        return errors.Unavailable(message, code="took_too_long")
    return errors.Unavailable("The database can't be reached right now. Please try again in a moment.")


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


def headers_of(error: errors.VbsError) -> dict[str, str]:
    if isinstance(error, errors.QuotaExceeded | errors.Unavailable):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, errors.EngineError):
        return {"Retry-After": str(errors.Unavailable.retry_after_seconds)}
    if isinstance(error, errors.KeyInvalid):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def error_response(
    status: HTTPStatus, message: str, kind: str, param: str | None, code: str | None, headers: Any = None
) -> Response:
    response = jsonify(error_body(message, kind, param, code))
    response.status_code = status
    response.headers.update(headers or {})
    return response
