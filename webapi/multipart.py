"""Multipart forms, read as they come in: the file goes straight to where it will stay."""

from collections.abc import Callable, Iterator, Mapping
from typing import IO, Final

from flask import Request
from werkzeug.sansio.multipart import NEED_DATA, Data, Epilogue, Event, Field, File, MultipartDecoder

from schemas.errors import PayloadTooLarge, RequestInvalid

BLOCK_BYTES: Final = 262_144
LONGEST_FIELD: Final = 65_536
MOST_PARTS: Final = 32
# Beside the file: boundaries, headers and the other fields.
FORM_OVERHEAD_BYTES: Final = 1_048_576

# Takes the name of a file, its content, and the fields that stood before it.
Receive = Callable[[str, Iterator[bytes], Mapping[str, str]], None]


def read_form(request: Request, file_field: str, max_bytes: int, receive: Receive) -> dict[str, str]:
    """Hand the file to `receive` block by block, wherever it stands in the form, and return the other fields."""
    boundary = request.mimetype_params.get("boundary")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise RequestInvalid("Send the file as 'multipart/form-data'.", param=file_field)
    request.max_content_length = max_bytes + FORM_OVERHEAD_BYTES
    events = decoded(request.stream, boundary.encode("latin-1", "replace"))
    fields: dict[str, str] = {}
    for event in events:
        if isinstance(event, File | Field) and not event.name:
            raise RequestInvalid("Every part of the form needs a name.", code="invalid_form")
        if isinstance(event, File) and event.name == file_field:
            receive(event.filename, content(events), fields)
        elif isinstance(event, File):
            raise RequestInvalid(f"Unknown file field: '{event.name}'.", param=event.name)
        elif isinstance(event, Field):
            fields[event.name] = text(event.name, content(events))
    return fields


def decoded(stream: IO[bytes], boundary: bytes) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary, max_form_memory_size=4 * BLOCK_BYTES, max_parts=MOST_PARTS)
    try:
        while not isinstance(event := decoder.next_event(), Epilogue):
            if event is NEED_DATA:
                decoder.receive_data(stream.read(BLOCK_BYTES) or None)
            else:
                yield event
    except (ValueError, AttributeError) as error:
        # The decoder takes the line break after a part's headers for granted, hence the AttributeError.
        raise RequestInvalid(f"The body is not a valid multipart form: {error}.", code="invalid_form") from error


def content(events: Iterator[Event]) -> Iterator[bytes]:
    """The data of the part that has just begun."""
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def text(name: str, blocks: Iterator[bytes]) -> str:
    value = b""
    for block in blocks:
        value += block
        if len(value) > LONGEST_FIELD:
            raise PayloadTooLarge(f"The field '{name}' is too long.", param=name)
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise RequestInvalid(f"The field '{name}' is not UTF-8 text.", param=name) from error
