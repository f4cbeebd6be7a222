"""A webhook receiver on loopback: it keeps what it gets and answers what the test wants."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    body: bytes
    headers: dict[str, str]


@dataclass
class Receiver:
    port: int = 0
    received: list[Received] = field(default_factory=list)
    # How to answer each request in turn; the last one stays.
    answers: list[Respond] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.received.append(Received(body, {name.lower(): value for name, value in handler.headers.items()}))
        respond = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        respond(handler)


def status(code: int, **headers: str) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return respond


def silence(seconds: float) -> Respond:
    return lambda handler: time.sleep(seconds)


def drip(seconds: float) -> Respond:
    """A header that never ends, a byte at a time: each single read is quick."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        until = time.monotonic() + seconds
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while time.monotonic() < until:
                handler.wfile.write(b"a")
                time.sleep(0.05)
        except OSError:
            # The sender has gone, as it should.
            return

    return respond


def endless_body(sent: list[int]) -> Respond:
    """Megabytes without end; counts what the sender let through."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(2000):
                handler.wfile.write(b"x" * 65_536)
                sent.append(65_536)
        except OSError:
            return

    return respond


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(answers=[status(200)])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.take(self)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Tests need no access log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
