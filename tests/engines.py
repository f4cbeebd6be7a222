"""Engines as tests hold them: on an event loop of their own, as a worker does."""

import asyncio
import json
import threading
from collections.abc import Coroutine
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from inference.engines.base import Answer, Engine, Loaded
from inference.engines.stub import StubEngine

Result = TypeVar("Result")
TIMEOUT_SECONDS = 240.0


class EngineThread:
    """An engine whose coroutines run on a background loop for as long as the engine lives."""

    def __init__(self, engine: Engine, model: str, source: str) -> None:
        self.engine, self.model, self.source = engine, model, source
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result], timeout_seconds: float = TIMEOUT_SECONDS) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_seconds)

    def load(self) -> Loaded:
        return self.run(self.engine.load(self.model, self.source))

    def ask(self, endpoint: str, **body: Any) -> Answer:
        return self.ask_raw(endpoint, json.dumps({"model": self.model} | body).encode())

    def ask_raw(self, endpoint: str, body: bytes) -> Answer:
        return self.run(self.engine.answer(endpoint, body))

    def stop(self) -> None:
        self.run(self.engine.unload())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class UpstreamServer(ThreadingHTTPServer):
    """A small OpenAI-compatible server on loopback; what it says comes from a stub engine.

    A body that holds `busy` gets a 429, one that holds `proxy page` an HTML page with status 200.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, model: str, **args: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stub = EngineThread(StubEngine(args), model, model)
        self.stub.load()
        self.authorizations: set[str | None] = set()
        self.in_flight = self.most_in_flight = 0
        self.counting = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.stub.stop()


class _Handler(BaseHTTPRequestHandler):
    server: UpstreamServer

    def do_GET(self) -> None:
        models = [{"id": self.server.stub.model, "object": "model", "max_model_len": 4096}]
        self._reply(200, json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.authorizations.add(self.headers["authorization"])
        if b"proxy page" in body:
            return self._reply(200, b"<html>Sign in</html>")
        if b"busy" in body:
            return self._reply(429, b'{"error":{"message":"Slow down","type":"rate_limit"}}', {"retry-after": "7"})
        return self._answer(body)

    def _answer(self, body: bytes) -> None:
        with self.server.counting:
            self.server.in_flight += 1
            self.server.most_in_flight = max(self.server.most_in_flight, self.server.in_flight)
        answer = self.server.stub.ask_raw(self.path, body)
        with self.server.counting:
            self.server.in_flight -= 1
        self._reply(answer.status_code, answer.body)

    def _reply(self, status_code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status_code)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet: pytest shows what matters."""
