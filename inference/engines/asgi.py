"""One HTTP exchange with an ASGI application in this process: no socket, no server, the same answer."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status_code: int
    content_type: str
    body: bytes


class NoAnswer(Exception):
    """The application broke before it answered."""


async def post_json(application: Application, path: str, body: bytes) -> HttpAnswer:
    """Cancelling this hangs up, as a client would, and waits until the application has noticed."""
    exchange = _Exchange(body)
    work = asyncio.ensure_future(application(_scope(path), exchange.receive, exchange.send))
    try:
        await asyncio.wait({work})
    except asyncio.CancelledError:
        exchange.hung_up.set()
        await asyncio.wait({work})
        raise
    return exchange.answer(work.exception())


class _Exchange:
    def __init__(self, body: bytes) -> None:
        self._request: bytes | None = body
        self._status_code = 0
        self._content_type = ""
        self._chunks: list[bytes] = []
        self.hung_up = asyncio.Event()

    async def receive(self) -> Message:
        if self._request is None:
            await self.hung_up.wait()
            return {"type": "http.disconnect"}
        body, self._request = self._request, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status_code = int(message["status"])
            self._content_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
        else:
            self._chunks.append(message.get("body", b""))

    def answer(self, error: BaseException | None) -> HttpAnswer:
        # Frameworks answer 500 and then raise again for the server's log: what was answered counts.
        if not self._status_code:
            raise NoAnswer(str(error)) from error
        return HttpAnswer(self._status_code, self._content_type, b"".join(self._chunks))


def _scope(path: str) -> MutableMapping[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "client": None,
        "server": None,
    }
