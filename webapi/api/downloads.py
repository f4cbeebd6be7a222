"""Sending a stored content: whole or in part, without holding it in memory."""

from urllib.parse import quote

from flask import Response, request
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
    response.make_conditional(request, accept_ranges=asks_for_a_range(), complete_length=file.bytes)
    response.headers["Accept-Ranges"] = "bytes"
    if request.method == "HEAD":
        stream.close()
    return response


def asks_for_a_range() -> bool:
    """Whether one range of bytes is asked for. What else stands in `Range` is to be ignored (RFC 9110, 14.2)."""
    asked = request.range
    return asked is not None and asked.units == "bytes" and len(asked.ranges) == 1


def disposition(filename: str) -> str:
    """Save as, under the last part of the name: in ASCII for old clients, and as it is for the others."""
    name = filename.replace("\\", "/").rpartition("/")[2] or "download"
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in name)
    return dump_options_header("attachment", {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"})
