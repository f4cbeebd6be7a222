"""The same requests for another model: the lines of a file on its way in, with one member changed."""

from collections.abc import Iterable, Iterator

import orjson

from schemas.errors import RequestInvalid


def with_model(blocks: Iterable[bytes], model: str, max_line_bytes: int) -> Iterator[bytes]:
    """Lines that aren't requests pass as they are: validation reports them better than we could here."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > max_line_bytes:
            raise RequestInvalid(f"A line is longer than the {max_line_bytes} bytes that are allowed.", param="file")
        yield b"".join(_for_model(line, model) + b"\n" for line in lines)
    if rest:
        yield _for_model(rest, model)


def _for_model(line: bytes, model: str) -> bytes:
    try:
        request = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    if not isinstance(request, dict) or not isinstance(request.get("body"), dict):
        return line
    request["body"]["model"] = model
    return orjson.dumps(request)
