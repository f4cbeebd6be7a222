"""gunicorn as it serves both apps: `gunicorn --config=python:webapi.server 'webapi.api:create_app()'`.

The lower-case names are gunicorn's settings; its command line may say otherwise.
"""

import gc
import json
import socket
import sys
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from gunicorn.http import errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from webapi import request_ids
from webapi.error_body import INVALID, SERVER, error_body

# The first row that fits decides; what no row fits is a fault of ours.
REFUSALS: Final = (
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (errors.InvalidResponseHeader, HTTPStatus.INTERNAL_SERVER_ERROR),
    (errors.InvalidResponseHeaderName, HTTPStatus.INTERNAL_SERVER_ERROR),
    (errors.ParseException, HTTPStatus.BAD_REQUEST),
)
# A thread that polls waits this long for one that is busy with an upload. Python's own 5 ms add up over a request.
SWITCH_SECONDS: Final = 0.0005
# How long to listen to a body that nobody wants, and how long to a client that says nothing.
LINGER_SECONDS: Final = 30.0
SILENCE_SECONDS: Final = 2.0
BLOCK_BYTES: Final = 262_144


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """Refuses in OpenAI's shape, and so that the client gets to read it."""

    def init_process(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        # What is loaded by now stays loaded: each look of the garbage collector through it would stop all threads for
        # the time of thirty polls.
        gc.collect()
        gc.freeze()

    def handle(self, conn: TConn) -> Any:
        kept = super().handle(conn)
        if not kept:
            self.linger(conn.sock)
        return kept

    def linger(self, connection: socket.socket) -> None:
        """Say that nothing more comes, then listen until the client is done: it may still be sending its body.

        Closed with data on the way, a connection breaks, and takes the answer with it (RFC 9112, 9.6).
        """
        deadline, block = time.monotonic() + LINGER_SECONDS, bytearray(BLOCK_BYTES)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(SILENCE_SECONDS)
            while self.alive and time.monotonic() < deadline and connection.recv_into(block):
                pass

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        """Answer what is no HTTP, or too much of it, before an app sees it; and what an app dropped."""
        status = next((status for kind, status in REFUSALS if isinstance(exc, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        request_id = request_ids.new_id()
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.error("request %s from %s failed", request_id, addr, exc_info=exc)
            error = error_body(f"The server had an error while processing your request {request_id}.", SERVER)
        else:
            self.log.warning("request %s from %s: %s", request_id, addr, exc)
            error = error_body(f"{exc}.", INVALID, code=status.name.lower())
        with suppress(OSError):
            client.sendall(answer(status, error, request_id))


def answer(status: HTTPStatus, error: dict[str, Any], request_id: str) -> bytes:
    body = json.dumps(error)
    head = (
        f"HTTP/1.1 {status} {status.phrase}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"{request_ids.HEADER}: {request_id}",
    )
    return "\r\n".join([*head, "", body]).encode()


worker_class: Final = Worker
threads: Final = 16
timeout: Final = 120
keepalive: Final = 30
control_socket_disable: Final = True
# What a proxy says is read by the apps, see `webapi.proxies`.
forwarded_allow_ips: Final = ""
