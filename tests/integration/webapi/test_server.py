"""What the server in front of the app sees to: requests that are no HTTP, and bodies that nobody wants."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import openai
import pytest
from openai import OpenAI

MakeKey = Callable[..., str]
LARGE = 100 * 1024**2


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        yield connection


def answer_to(url: str, request: bytes) -> httpx.Response:
    """The answer to bytes that no client would send."""
    with connected(url) as connection, connection.makefile("rb") as stream:
        connection.sendall(request)
        head, _, body = stream.read().partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)


def client_of(url: str, key: str) -> OpenAI:
    return OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0, timeout=60)


def test_what_is_no_http_or_too_much_of_it_is_refused_in_openais_shape(gunicorn_url: str) -> None:
    refusals = {
        b"nonsense\r\n\r\n": (400, "bad_request"),
        b"GET / HTTP/1.1\r\nHost: h\r\nBroken\r\n\r\n": (400, "bad_request"),
        b"GET /%b HTTP/1.1\r\n\r\n" % (b"a" * 1_000_000): (414, "request_uri_too_long"),
        b"GET / HTTP/1.1\r\nHost: h\r\nX: %b\r\n\r\n" % (b"a" * 1_000_000): (431, "request_header_fields_too_large"),
    }
    for request, (status, code) in refusals.items():
        answer = answer_to(gunicorn_url, request)
        error = answer.json()["error"]
        assert (answer.status_code, error["type"], error["code"]) == (status, "invalid_request_error", code)
        assert set(error) == {"message", "type", "param", "code"}
        assert answer.headers["x-request-id"].startswith("req_")


def test_who_sends_a_large_file_in_vain_is_told_why(gunicorn_url: str, make_key: MakeKey) -> None:
    content = ("large.jsonl", b"a" * LARGE)
    with pytest.raises(openai.AuthenticationError):
        client_of(gunicorn_url, "vbs-wrong").files.create(file=content, purpose="batch")
    with pytest.raises(openai.PermissionDeniedError):
        client_of(gunicorn_url, make_key("reader", role="viewer")).files.create(file=content, purpose="batch")
    with pytest.raises(openai.RateLimitError):
        client_of(gunicorn_url, make_key("hoarder", stored_bytes=1000)).files.create(file=content, purpose="batch")
    client = client_of(gunicorn_url, make_key("acme"))
    with pytest.raises(openai.NotFoundError):
        client.uploads.parts.create("upload_unknown", data=content)
    with pytest.raises(openai.APIStatusError) as error:
        client.uploads.parts.create(
            client.uploads.create(bytes=LARGE, filename="a", mime_type="text/plain", purpose="batch").id, data=content
        )
    assert error.value.status_code == 413


def test_a_body_in_vain_is_heard_to_its_end_so_that_the_connection_does_not_break(gunicorn_url: str) -> None:
    head = b"POST /v1/files HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % LARGE
    with connected(gunicorn_url) as connection:
        connection.sendall(head)
        connection.sendall(bytes(LARGE))
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_nobody_is_believed_to_be_a_proxy_unless_a_setting_says_so(gunicorn_url: str) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "batches.example"}
    assert f"{gunicorn_url}/v1" in httpx.get(gunicorn_url, headers=headers).text


def test_a_client_that_does_not_hang_up_keeps_nobody_waiting(gunicorn_url: str) -> None:
    with ExitStack() as open_connections:
        for _ in range(6):
            connection = open_connections.enter_context(connected(gunicorn_url))
            connection.sendall(b"GET /v1/files HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 401")
            began = time.monotonic()
            assert httpx.get(f"{gunicorn_url}/v1/files").status_code == 401
            assert time.monotonic() - began < 1
