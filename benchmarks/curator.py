"""Somebody at the pages, without a browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.system import System


class Curator:
    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._token = ""

    def see(self, address: str) -> str:
        page = self._http.get(address).raise_for_status().text
        self._token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        return page

    def press(self, address: str, **fields: str) -> str:
        """Where the server then sends the browser."""
        answer = self._http.post(address, data={"csrf_token": self._token} | fields)
        assert answer.is_redirect, answer.text
        return answer.headers["Location"]

    def download(self, address: str) -> int:
        with self._http.stream("GET", address) as answer:
            return sum(block.count(b"\n") for block in answer.raise_for_status().iter_bytes())


@contextmanager
def signed_in(system: System) -> Iterator[Curator]:
    with httpx.Client(base_url=system.running.ui_url, timeout=120) as http:
        curator = Curator(http)
        curator.see("/sign-in")
        curator.press("/sign-in", key=system.key)
        yield curator
