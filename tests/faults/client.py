"""A client of the API that tries again, and an upload during which something happens."""

import io
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx

from tests.faults.rig import RECOVERY_SECONDS, Rig


def ask_until_answered(
    rig: Rig, method: str, path: str, fresh: Callable[[], dict[str, Any]] = dict, **options: Any
) -> dict[str, Any]:
    return dict(answered(rig, method, path, fresh, **options).json())


def answered(
    rig: Rig, method: str, path: str, fresh: Callable[[], dict[str, Any]] = dict, **options: Any
) -> httpx.Response:
    """Connections may be cut, and a 503 says to come back. What can be sent only once is made anew by `fresh`."""
    end = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            with rig.system.http() as http:
                answer = http.request(method, path, **options, **fresh(), timeout=30)
            if answer.status_code < 500:
                return answer.raise_for_status()
            said = answer.text
        except httpx.TransportError as error:
            said = repr(error)
        assert time.monotonic() < end, f"{method} {path}: {said}"
        time.sleep(0.2)


class Answering:
    """Waits, beside everything else, until the API answers."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._began = time.monotonic()
        self._after: float | None = None
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()

    def after_seconds(self) -> float:
        self._thread.join(RECOVERY_SECONDS)
        assert self._after is not None, "the API does not answer"
        assert self._after <= RECOVERY_SECONDS, f"the API answered after {self._after:.0f} seconds"
        return self._after

    def _poll(self) -> None:
        while self._after is None:
            with suppress(httpx.TransportError), self._rig.system.http() as http:
                if http.get("/v1/batches", timeout=5).is_success:
                    self._after = time.monotonic() - self._began
            time.sleep(0.1)


class Half(io.RawIOBase):
    """A file to upload; half-way through its reading something happens."""

    def __init__(self, content: bytes, at_half: Callable[[], None]) -> None:
        self._stream = io.BytesIO(content)
        self._middle = len(content) // 2
        self._at_half = at_half

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._stream.tell() >= self._middle:
            self._at_half()
        return self._stream.read(min(size, 16_384) if size > 0 else 16_384)
