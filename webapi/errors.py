"""From errors to HTTP: one table, and what else their callers are told."""

from http import HTTPStatus
from typing import Final

from psycopg.errors import QueryCanceled

from schemas import errors
from webapi.error_body import INVALID, SERVER

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


def status_of(error: errors.VbsError) -> HTTPStatus:
    found = (status for kind, status, _ in TABLE if isinstance(error, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def headers_of(error: errors.VbsError) -> dict[str, str]:
    if isinstance(error, errors.QuotaExceeded | errors.Unavailable):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, errors.EngineError):
        return {"Retry-After": str(errors.Unavailable.retry_after_seconds)}
    if isinstance(error, errors.KeyInvalid):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def told(error: Exception) -> errors.Unavailable:
    """What the database could not do, as far as its caller can act on it."""
    if isinstance(getattr(error, "orig", None), QueryCanceled):
        message = "The database gave up on this because it took too long. Ask for less at once, or try again later."
        return errors.Unavailable(message, code="took_too_long")
    return errors.Unavailable("The database can't be reached right now. Please try again in a moment.")
