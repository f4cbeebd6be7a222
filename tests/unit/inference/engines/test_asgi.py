"""Applications in this process are asked as a server would ask them."""

import asyncio
from typing import Any

import pytest

from inference.engines.asgi import HttpAnswer, NoAnswer, post_json


def test_the_answer_is_put_together_from_its_pieces() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": scope["path"].encode(), "more_body": True})
        await send({"type": "http.response.body", "body": body})

    assert asyncio.run(post_json(echo, "/v1/", b"echo")) == HttpAnswer(201, "text/plain", b"/v1/echo")


def test_an_answer_counts_even_if_the_application_raises_after_it() -> None:
    async def answer_then_raise(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
        raise RuntimeError("for the log")

    assert asyncio.run(post_json(answer_then_raise, "/", b"")).status_code == 500


def test_an_application_that_breaks_before_it_answers_is_told_apart() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("no luck")

    with pytest.raises(NoAnswer, match="no luck"):
        asyncio.run(post_json(broken, "/", b""))


def test_cancelling_hangs_up_and_waits_until_the_application_has_cleaned_up() -> None:
    events = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        events.append((await receive())["type"])
        await asyncio.sleep(0.01)
        events.append("cleaned up")

    async def cancel() -> None:
        request = asyncio.ensure_future(post_json(slow, "/", b""))
        await asyncio.sleep(0.01)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert events == ["http.disconnect", "cleaned up"]

    asyncio.run(cancel())
