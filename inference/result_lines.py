"""The lines of output and error files, as the OpenAI Batch API writes them."""

import re
from typing import Final
from uuid import UUID

import orjson

from inference.engines.base import Answer
from schemas import ids
from schemas.database import copy_text

ANSWERED: Final = (
    b'{"id":"%(id)b","custom_id":%(custom_id)b,"response":{"status_code":%(status)d,'
    b'"request_id":"req_%(batch)b_%(line)d","body":%(body)b},"error":null,"served_by":"%(served_by)b"%(more)b}'
)
UNANSWERED: Final = (
    b'{"id":"%(id)b","custom_id":%(custom_id)b,"response":null,"error":{"code":%(code)b,"message":%(message)b}}'
)
# Its number in the input file, and its custom_id.
Line = tuple[int, str]

CONTROL: Final = re.compile(rb"[\x00-\x1f]")
EXPIRED: Final = ("batch_expired", "This request could not be executed before the completion window expired.")


def answered_line(
    batch_id: UUID,
    line: Line,
    answer: Answer,
    serving_id: UUID,
    *,
    same_as: str | None = None,
    reused_from: str | None = None,
) -> bytes:
    """The answer's body must stand on one line: see `on_one_line`."""
    number, custom_id = line
    more = {b"same_as": same_as, b"reused_from": reused_from}
    return ANSWERED % {
        b"id": line_id(batch_id, number).encode(),
        b"batch": batch_id.hex.encode(),
        b"line": number,
        b"custom_id": orjson.dumps(custom_id),
        b"status": answer.status_code,
        b"body": answer.body,
        b"served_by": ids.show(ids.SERVING, serving_id).encode(),
        b"more": b"".join(b',"%b":%b' % (name, orjson.dumps(value)) for name, value in more.items() if value),
    }


def line_id(batch_id: UUID, line: int) -> str:
    return f"batch_req_{batch_id.hex}_{line}"


def on_one_line(body: bytes) -> bytes:
    """A server may print its JSON prettily. Inside strings control characters are escaped, so any found is layout."""
    # Bytes that are no text are an error here, of one request. PostgreSQL would refuse all that is saved with them.
    body.decode()
    return orjson.dumps(orjson.loads(body)) if CONTROL.search(body) else body


def unanswered_line(batch_id: UUID, line: int, custom_id: str, code: str, message: str) -> bytes:
    """For a request that never got an HTTP answer."""
    return UNANSWERED % {
        b"id": line_id(batch_id, line).encode(),
        b"custom_id": orjson.dumps(custom_id),
        b"code": orjson.dumps(code),
        b"message": orjson.dumps(message),
    }


def result_row(batch_id: UUID, line: int, *, succeeded: bool, answer: bytes) -> bytes:
    """A row of `results`, in COPY's text form."""
    flag = b"t" if succeeded else b"f"
    return b"%b\t%d\t%b\t%b\n" % (batch_id.hex.encode(), line, flag, copy_text(answer))
