"""A webhook receiver that keeps its first sender waiting until it is told to answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

LONGEST_WAIT_SECONDS = 20.0


class Receiver:
    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.url = ""
        self._released = Event()

    def release(self) -> None:
        self._released.set()

    def take(self, headers: dict[str, str]) -> None:
        self.received.append(headers)
        self._released.wait(LONGEST_WAIT_SECONDS)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.release()
        server.shutdown()
        server.server_close()
