"""What is saved by whoever asks for it: a stored content, never in memory as a whole, or what a view makes."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import Range
from werkzeug.http import dump_options_header
from werkzeug.wsgi import wrap_file

from inference import files
from schemas.tables import File


def download(file: File) -> Response:
    """Answer `Range`, `If-Range` and `If-None-Match`; contents never change, so the id of one is its tag."""
    stream = files.open_content(file)
    response = Response(
        wrap_file(request.environ, stream, files.BLOCK_BYTES),
        mimetype="application/octet-stream",
        direct_passthrough=True,
    )
    response.call_on_close(stream.close)
    response.content_length = file.bytes
    response.last_modified = file.created_at
    response.set_etag(file.id.hex)
    # Never shown inside a page of ours, whatever a caller has uploaded.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = disposition(file.filename)
    asked = asked_range()
    response.make_conditional(meant(asked, file.bytes), accept_ranges=asked is not None, complete_length=file.bytes)
    response.headers["Accept-Ranges"] = "bytes"
    if request.method == "HEAD":
        stream.close()
    return response


def attachment(content: bytes | str | Iterable[bytes], mimetype: str, filename: str) -> Response:
    """What a view makes, to be saved under a name."""
    response = Response(content, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def asked_range() -> Range | None:
    """The range of bytes that is asked for, if it is one. What else is in `Range` is to be ignored (RFC 9110, 14.2)."""
    asked = request.range if request.method == "GET" else None
    return asked if asked and asked.units == "bytes" and len(asked.ranges) == 1 else None


def meant(asked: Range | None, size: int) -> dict[str, Any]:
    """The request. The last so many bytes of a shorter file are all it has (RFC 9110, 14.1.2)."""
    if asked and asked.ranges[0][0] < -size:
        return request.environ | {"HTTP_RANGE": "bytes=0-"}
    return request.environ


def disposition(filename: str) -> str:
    """Save as, under the last part of the name: in ASCII for old clients, and as it is for the others."""
    name = filename.replace("\\", "/").rpartition("/")[2] or "download"
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in name)
    return dump_options_header("attachment", {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"})
