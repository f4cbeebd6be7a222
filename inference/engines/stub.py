"""An engine without a model: the same body always gets the same answer, fast, and it fails on demand."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from inference.engines.base import ENDPOINTS, Answer, Loaded
from inference.engines.options import Count, read_options
from inference.engines.refusals import refusal, refuse_unbatchable
from inference.engines.stub_bodies import body_for
from schemas.errors import EngineError, ModelNotFound, NotFound, RequestInvalid
from schemas.version import VERSION

FINGERPRINTS = 2**64
# What a token of English text is worth on average, so that usage is plausible without a tokenizer.
BYTES_PER_TOKEN = 4
AT_ONCE = Count(256)


@dataclass(frozen=True, slots=True)
class StubOptions:
    latency_ms: float = 0.0
    # On top of that, for each token that the body's `max_tokens` asks for: long answers take longer than short ones.
    ms_per_token: float = 0.0
    # Share of bodies that get `error_status`. A hash of the body decides, so a body that fails once fails always.
    error_rate: float = 0.0
    error_status: int = 400
    # A body with this text breaks the engine, or with `crash_hard` kills the whole process as the OOM killer would.
    crash_on: str = ""
    crash_hard: bool = False
    # A body with this text never gets an answer.
    hang_on: str = ""
    # A body with this text makes the whole engine hang until it is loaded again.
    freeze_on: str = ""
    # A file whose text is an order from outside, followed once: `crash` or `freeze`.
    orders: str = ""
    # A file that gets each body, on a line of its own, before it is answered.
    journal: str = ""
    # Prompts over this many tokens are refused. 0: no limit.
    max_tokens: int = 0
    concurrency: Count = AT_ONCE


class StubEngine:
    name = "stub"

    def __init__(self, args: Mapping[str, str]) -> None:
        self._options = read_options(StubOptions, self.name, args)
        self._error_below = int(self._options.error_rate * FINGERPRINTS)
        self._frozen = False
        self._slots = asyncio.Semaphore(self._options.concurrency)
        self._model: str | None = None

    @property
    def pulse(self) -> int:
        return 0 if self._frozen else int(time.monotonic() * 1000)

    async def load(self, model: str, source: str) -> Loaded:
        self._model, self._frozen = model, False
        made_of = {"revision": VERSION, "engine_version": VERSION}
        return Loaded("stub", self._options.max_tokens or None, self._options.concurrency, made_of)

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        await self._work(body)
        if self._model is None:
            raise EngineError("The stub engine holds no model: it has crashed or was never loaded.")
        return self._answer(endpoint, body)

    async def unload(self) -> None:
        self._model = None

    async def _work(self, body: bytes) -> None:
        latency_ms = self._latency_ms(body)
        if latency_ms == 0:
            # Nothing to wait for, but the worker's other tasks must get their turn.
            await asyncio.sleep(0)
            return await self._misbehave(body)
        async with self._slots:
            await asyncio.sleep(latency_ms / 1000)
            return await self._misbehave(body)

    def _latency_ms(self, body: bytes) -> float:
        each = self._options.ms_per_token
        return self._options.latency_ms + (each * _tokens_asked_for(body) if each else 0)

    async def _misbehave(self, body: bytes) -> None:
        if self._options.journal:
            with Path(self._options.journal).open("ab") as journal:
                journal.write(body + b"\n")
        order = self._order()
        if self._options.crash_hard and self._holds(body, self._options.crash_on):
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "crash" or self._holds(body, self._options.crash_on):
            self._model = None
        if order == "freeze" or self._holds(body, self._options.freeze_on):
            self._frozen = True
        if self._frozen or self._holds(body, self._options.hang_on):
            await asyncio.Event().wait()

    def _holds(self, body: bytes, text: str) -> bool:
        return bool(text) and text.encode() in body

    def _order(self) -> str:
        if not self._options.orders:
            return ""
        orders = Path(self._options.orders)
        try:
            order = orders.read_text().strip()
            orders.unlink()
        except FileNotFoundError:
            return ""
        return order

    def _answer(self, endpoint: str, body: bytes) -> Answer:
        refused = refuse_unbatchable(body)
        if refused is not None:
            return refused
        try:
            request = orjson.loads(body)
            tokens = len(body) // BYTES_PER_TOKEN
            self._check(endpoint, request, tokens)
            fingerprint = blake2b(body, digest_size=8).digest()
            if int.from_bytes(fingerprint) < self._error_below:
                return self._failure()
            return body_for(endpoint, request, fingerprint, tokens)
        except orjson.JSONDecodeError as error:
            return refusal(400, f"The body is not valid JSON: {error}")
        except RequestInvalid as error:
            return refusal(400, error.message, param=error.param, code=error.code)
        except NotFound as error:
            return refusal(404, error.message, param=error.param, code=error.code)

    def _check(self, endpoint: str, request: Any, tokens: int) -> None:
        if endpoint not in ENDPOINTS:
            raise NotFound(f"Unknown endpoint: {endpoint}", code="unknown_url")
        if not isinstance(request, dict):
            raise RequestInvalid("The body is not a JSON object.")
        if request.get("model") != self._model:
            raise ModelNotFound(str(request.get("model")))
        if 0 < self._options.max_tokens < tokens:
            message = f"This model takes {self._options.max_tokens} tokens; the request has {tokens}."
            raise RequestInvalid(message, code="context_length_exceeded")

    def _failure(self) -> Answer:
        kind = "invalid_request_error" if self._options.error_status < 500 else "server_error"
        return refusal(self._options.error_status, "The stub engine was told to fail here.", kind=kind)


def _tokens_asked_for(body: bytes) -> int:
    """None is 0: a body that says nothing or nonsense here is answered, or refused, all the same."""
    try:
        tokens = orjson.loads(body)["max_tokens"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return 0
    return max(tokens, 0) if isinstance(tokens, int) else 0
