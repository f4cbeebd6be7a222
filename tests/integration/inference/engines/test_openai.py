"""What a server that somebody else runs can do to us."""

import asyncio
import json
import socket
from collections.abc import Iterator

import pytest

from inference.engines.base import Answer, create_engine
from schemas.errors import EngineError, SettingInvalid
from tests.engines import EngineThread, UpstreamServer


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    server = UpstreamServer("upstream-name", latency_ms="50")
    yield server
    server.stop()


@pytest.fixture
def engine(upstream: UpstreamServer) -> Iterator[EngineThread]:
    engine = create_engine("openai", {"base_url": upstream.base_url, "api_key": "sk-upstream", "concurrency": "2"})
    thread = EngineThread(engine, "our-name", "upstream-name")
    thread.load()
    yield thread
    thread.stop()


def test_loading_learns_the_context_length_and_keeps_the_concurrency(upstream: UpstreamServer) -> None:
    thread = EngineThread(create_engine("openai", {"base_url": upstream.base_url + "/"}), "our-name", "upstream-name")
    loaded = thread.load()
    thread.stop()
    assert (loaded.max_tokens, loaded.concurrency, loaded.device) == (4096, 64, upstream.base_url)


def test_the_server_gets_its_own_name_of_the_model_and_the_key(engine: EngineThread, upstream: UpstreamServer) -> None:
    answer = engine.ask("/v1/completions", prompt="Hello")
    assert json.loads(answer.body)["model"] == "upstream-name"
    assert upstream.authorizations == {"Bearer sk-upstream"}


def test_a_busy_server_says_when_to_try_again(engine: EngineThread) -> None:
    answer = engine.ask("/v1/completions", prompt="busy")
    assert (answer.status_code, answer.retry_after_seconds) == (429, 7.0)


def test_a_proxys_page_is_a_failure_with_an_error_body(engine: EngineThread) -> None:
    answer = engine.ask("/v1/completions", prompt="proxy page")
    assert answer.status_code == 500
    assert "Sign in" in json.loads(answer.body)["error"]["message"]


def test_a_server_that_went_away_is_an_overload_and_no_failure(engine: EngineThread, upstream: UpstreamServer) -> None:
    upstream.shutdown()
    upstream.server_close()
    answer = engine.ask("/v1/completions", prompt="Hello")
    assert answer.status_code == 503
    assert "could not be reached" in json.loads(answer.body)["error"]["message"]


def test_no_more_requests_than_the_concurrency_are_open(engine: EngineThread, upstream: UpstreamServer) -> None:
    async def ask_all() -> list[Answer]:
        body = json.dumps({"model": "our-name", "prompt": "Hello"}).encode()
        return await asyncio.gather(*(engine.engine.answer("/v1/completions", body) for _ in range(8)))

    assert {answer.status_code for answer in engine.run(ask_all())} == {200}
    assert upstream.most_in_flight == 2


def test_a_model_that_the_server_does_not_serve_is_a_clear_error(upstream: UpstreamServer) -> None:
    thread = EngineThread(create_engine("openai", {"base_url": upstream.base_url}), "our-name", "no-such-model")
    with pytest.raises(EngineError, match="It serves: upstream-name"):
        thread.load()
    thread.stop()


def test_a_server_that_is_not_there_is_a_clear_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        thread = EngineThread(create_engine("openai", {"base_url": address}), "our-name", "our-name")
        with pytest.raises(EngineError, match="gives no list of models"):
            thread.load()
        thread.stop()


@pytest.mark.parametrize("base_url", ["", "localhost:8000", "ftp://host/v1"])
def test_an_address_that_is_none_is_named(base_url: str) -> None:
    with pytest.raises(SettingInvalid, match="base_url"):
        create_engine("openai", {"base_url": base_url})
