"""What the command line asks of the API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import click
import httpx

from cli.instance import Instance

DEFAULT_URL: Final = "http://127.0.0.1:4080"
# A large upload is answered once all of it is stored.
TIMEOUT: Final = httpx.Timeout(30.0, read=600.0, write=600.0)
PAGE: Final = 100


class Client:
    def __init__(self, url: str, api_key: str) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {api_key}"}
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/v1", headers=headers, timeout=TIMEOUT, trust_env=False)

    @classmethod
    def of(cls, data_dir: Path, url: str | None, api_key: str | None) -> Self:
        """The system that runs on a data folder with its first key, where the caller names no other."""
        instance = Instance(data_dir)
        running = instance.running()
        key = api_key or instance.first_key
        if key is None:
            instance.check_made()
            raise click.UsageError("Which API key? Give --api-key or set VBS_API_KEY.")
        return cls(url or (running.api_url if running else "") or DEFAULT_URL, key)

    def upload(self, file: Path) -> str:
        with file.open("rb") as content:
            answer = self._ask("POST", "/files", data={"purpose": "batch"}, files={"file": (file.name, content)})
        return str(answer["id"])

    def create_batch(self, file_id: str, endpoint: str, **wishes: Any) -> dict[str, Any]:
        return self._ask("POST", "/batches", json={"input_file_id": file_id, "endpoint": endpoint, **wishes})

    def batch(self, batch_id: str) -> dict[str, Any]:
        return self._ask("GET", f"/batches/{batch_id}")

    def cancel(self, batch_id: str) -> dict[str, Any]:
        return self._ask("POST", f"/batches/{batch_id}/cancel")

    def batches(self) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        while True:
            page = self._ask("GET", "/batches", params={"limit": PAGE, **after})
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"after": page["last_id"]}

    @contextmanager
    def results(self, batch_id: str) -> Iterator[Iterator[bytes]]:
        with self._trouble(), self._http.stream("GET", f"/batches/{batch_id}/results") as response:
            self._check(response)
            yield response.iter_bytes()

    def _ask(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        with self._trouble():
            response = self._http.request(method, path, **what)
        self._check(response)
        return dict(response.json())

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise click.ClickException(
                f"No answer from {self.url} ({error}). Does it run? `vbs up` starts it."
            ) from error

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        text = response.read().decode(errors="replace")
        try:
            message = json.loads(text)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            message = text[:200]
        raise click.ClickException(f"{response.status_code}: {message}")
