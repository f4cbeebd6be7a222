"""The real API on a loopback port, and the official client in front of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest
from openai import OpenAI
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from cli import process_table
from cli.embedded import free_port
from cli.processes import spawn, stop, wait_until
from inference import api_keys
from schemas.settings import environment_of, settings
from schemas.states import Role
from webapi.api import create_app
from webapi.database import db

MakeKey = Callable[..., str]


@pytest.fixture
def api_url(database_url: str, valkey_url: str) -> Iterator[str]:
    app = create_app()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def gunicorn_url(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[str]:
    """The API as it is served in earnest, for what depends on the server."""
    addresses = process_table.Addresses("127.0.0.1", free_port(), 0, 0)
    program = process_table.api(addresses, environment_of(settings()))
    process = spawn(program, tmp_path / "api.log")
    try:
        assert wait_until(program.is_up, 30), (tmp_path / "api.log").read_text()
        yield addresses.api_url
    finally:
        stop(process, program)


@pytest.fixture
def make_key(session: Session) -> MakeKey:
    def make(name: str, role: Role = Role.USER, **limits: int) -> str:
        _, plain = api_keys.create(session, name, role, **limits)
        session.commit()
        return plain

    return make


@pytest.fixture
def key(make_key: MakeKey) -> str:
    return make_key("acme")


@pytest.fixture
def client(api_url: str, key: str) -> OpenAI:
    return OpenAI(api_key=key, base_url=f"{api_url}/v1", max_retries=0)


@pytest.fixture
def stranger(api_url: str, make_key: MakeKey) -> OpenAI:
    """A client of another tenant."""
    return OpenAI(api_key=make_key("other"), base_url=f"{api_url}/v1", max_retries=0)


@pytest.fixture
def http(api_url: str, key: str) -> Iterator[httpx.Client]:
    """For what the official client can't or won't send."""
    with httpx.Client(base_url=f"{api_url}/v1", headers={"Authorization": f"Bearer {key}"}) as client:
        yield client


@pytest.fixture
def curator(api_url: str, make_key: MakeKey) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {make_key('curator', Role.CURATOR, tenant='acme')}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as client:
        yield client
