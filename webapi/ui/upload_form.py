"""A form with a file, read while it comes in: the file is as large as it likes, and no stranger's."""

from collections.abc import Iterator, Mapping
from functools import partial

from flask import g, request

from inference import quotas
from schemas.errors import RequestInvalid
from schemas.settings import settings
from webapi import multipart
from webapi.database import db
from webapi.ui import guard


def read(receive: multipart.Receive) -> dict[str, str]:
    """Hand the file to `receive` and return the fields; those that say what to do with it come first in our forms."""
    limit = quotas.limits_of(g.key).stored_bytes
    quotas.check_stored(db.session(), g.key.tenant, limit, request.content_length or 0)
    # The connection is free for others while the file comes in.
    db.session.close()
    fields = multipart.read_form(request, "file", settings().max_file_bytes, partial(_receive, receive))
    _check_token(fields)
    return fields


def _receive(receive: multipart.Receive, filename: str, blocks: Iterator[bytes], fields: Mapping[str, str]) -> None:
    # A stranger's form must not even fill the disk.
    _check_token(fields)
    if not filename:
        raise RequestInvalid("Choose a file first.", param="file")
    receive(filename, blocks, fields)


def _check_token(fields: Mapping[str, str]) -> None:
    guard.check_token(fields.get(guard.TOKEN_FIELD, ""))
