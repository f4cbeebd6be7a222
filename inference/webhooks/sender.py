"""One HTTP request to a receiver that is not to be trusted: with its time, its answer and its place limited."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from inference.webhooks.targets import allowed_addresses, check_url, port_of
from schemas.errors import WebhookTargetRefused


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: an HTTP status, or why there is none."""

    status: int | None
    error: str | None = None


def post(url: str, body: bytes, headers: dict[str, str], *, timeout_seconds: float, allow_private: bool) -> Outcome:
    """Send a request and read the answer's status. Its body is left unread, and redirects are not followed."""
    try:
        target = check_url(url, allow_private=allow_private)
        backend = CheckedBackend(time.monotonic() + timeout_seconds, allow_private)
        with httpcore.ConnectionPool(network_backend=backend, max_keepalive_connections=0) as pool:
            return Outcome(_status(pool, target, body, headers))
    except WebhookTargetRefused as error:
        return Outcome(None, error.message)
    except (httpcore.TimeoutException, TimeoutError):
        return Outcome(None, f"The receiver did not answer within {timeout_seconds:g} seconds.")
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        return Outcome(None, f"{type(error).__name__}: {error}")


def _status(pool: httpcore.ConnectionPool, target: httpx.URL, body: bytes, headers: dict[str, str]) -> int:
    url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=port_of(target), target=target.raw_path)
    sent = [("Host", target.netloc.decode()), ("Content-Length", str(len(body))), *headers.items()]
    with pool.stream("POST", url, headers=sent, content=body) as response:
        return response.status


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to an address that it has looked up and checked itself, so that no later lookup can differ.

    The TLS handshake and the Host header still carry the name.
    """

    def __init__(self, deadline: float, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in allowed_addresses(host.strip("[]"), port, allow_private=self._allow_private):
            try:
                remaining = remaining_seconds(self._deadline)
                stream = self._plain.connect_tcp(address, port, remaining, local_address, socket_options)
                return DeadlineStream(stream, self._deadline)
            except httpcore.ConnectError as error:
                failure = error
        raise failure


class DeadlineStream(httpcore.NetworkStream):
    """A time limit on the whole exchange: one on each read would let a receiver drip bytes for ever."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, remaining_seconds(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, remaining_seconds(self._deadline))

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, remaining_seconds(self._deadline))
        return DeadlineStream(secured, self._deadline)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def remaining_seconds(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
