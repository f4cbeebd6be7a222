"""The real apps on loopback ports, a key, and a browser's session without the browser."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from inference import api_keys
from schemas.states import Role
from webapi.api import create_app as create_api
from webapi.database import db
from webapi.ui import create_app as create_ui

SignIn = Callable[..., "Visitor"]


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def api(database_url: str, valkey_url: str) -> Iterator[httpx.Client]:
    with serving(create_api()) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture
def ui_url(database_url: str, valkey_url: str) -> Iterator[str]:
    with serving(create_ui()) as url:
        yield url


class Visitor:
    """Somebody with cookies who sends the forms that the pages hold."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, follow_redirects=True)

    def token(self) -> str:
        page = self.http.get("/new").text
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def see(self, path: str) -> str:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, **fields: str | list[str]) -> httpx.Response:
        return self.http.post(path, data={"csrf_token": self.token()} | fields)

    def submit(self, content: bytes | None, **fields: str) -> httpx.Response:
        form = {"csrf_token": self.token(), "endpoint": "/v1/chat/completions", "completion_window": "24h"} | fields
        files = {"file": ("requests.jsonl", content)} if content is not None else {"none": (None, "")}
        return self.http.post("/new", data=form, files=files)

    def submit_without_choosing(self) -> httpx.Response:
        """Browsers then send a file without a name, which httpx would not."""
        part = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
        parts = [part.format("csrf_token", "", self.token()), part.format("file", '; filename=""', "")]
        body = "".join(f"--b\r\n{part}" for part in parts) + "--b--\r\n"
        return self.http.post("/new", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})


@pytest.fixture
def sign_in(ui_url: str, session: Session) -> Iterator[SignIn]:
    """Somebody signed in with a new key. The tenant is the key's name, unless given."""
    visitors = []

    def make(name: str = "acme", role: Role = Role.USER, **options: str) -> Visitor:
        _, plain = api_keys.create(session, name, role, **options)
        session.commit()
        visitor = Visitor(ui_url)
        visitors.append(visitor)
        assert visitor.send("/sign-in", key=plain).url.path == "/"
        return visitor

    yield make
    for visitor in visitors:
        visitor.http.close()


@pytest.fixture
def curator(sign_in: SignIn) -> Visitor:
    return sign_in("acme", Role.CURATOR)
