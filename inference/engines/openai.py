"""An engine that somebody else runs: any server that speaks OpenAI's HTTP API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import orjson

from inference.engines.base import ENDPOINTS, Answer, Loaded
from inference.engines.options import Count, read_options
from inference.engines.refusals import refusal, refuse_unbatchable
from inference.engines.usage import usage_of
from schemas.errors import EngineError, SettingInvalid

EXCERPT_CHARACTERS: Final = 300
CONNECT_SECONDS: Final = 10.0
# For the list of models, which every server has at hand.
LIST_SECONDS: Final = 30.0
AT_ONCE: Final = Count(64)


@dataclass(frozen=True, slots=True)
class OpenaiOptions:
    # Up to and including `/v1`, as the openai package takes it.
    base_url: str = ""
    api_key: str = ""
    timeout_seconds: float = 600.0
    concurrency: Count = AT_ONCE


class OpenaiEngine:
    name = "openai"

    def __init__(self, args: Mapping[str, str]) -> None:
        self._options = read_options(OpenaiOptions, self.name, args)
        if not self._options.base_url.startswith(("http://", "https://")):
            raise SettingInvalid("base_url", self._options.base_url, "address like http://host:8000/v1")
        self._base_url = self._options.base_url.rstrip("/")
        self._model = self._upstream_model = ""
        self._client: httpx.AsyncClient | None = None

    @property
    def pulse(self) -> None:
        """Nobody can tell from here. A request that gets no answer ends after `timeout_seconds`."""
        return None

    async def load(self, model: str, source: str) -> Loaded:
        """Check that the server is there and serves `source`, its own name for the model."""
        await self.unload()
        client = self._connect()
        try:
            max_tokens = await self._max_tokens(client, source)
        except BaseException:
            await client.aclose()
            raise
        self._client, self._model, self._upstream_model = client, model, source
        return Loaded(self._shown_address, max_tokens, self._options.concurrency)

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        if self._client is None:
            raise EngineError("The openai engine holds no model: it was never loaded, or is unloaded.")
        if endpoint not in ENDPOINTS:
            return refusal(404, f"Unknown endpoint: {endpoint}", code="unknown_url")
        refused = refuse_unbatchable(body)
        if refused is not None:
            return refused
        try:
            reply = await self._client.post(self._address(endpoint), content=self._for_upstream(body))
        except httpx.RequestError as error:
            return self._unreachable(error)
        return _as_answer(reply)

    async def unload(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    def _connect(self) -> httpx.AsyncClient:
        headers = {"content-type": "application/json"}
        if self._options.api_key:
            headers["authorization"] = f"Bearer {self._options.api_key}"
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(self._options.timeout_seconds, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=self._options.concurrency),
        )

    @property
    def _shown_address(self) -> str:
        """Without a password that may stand in it."""
        return str(httpx.URL(self._base_url).copy_with(userinfo=b""))

    async def _max_tokens(self, client: httpx.AsyncClient, source: str) -> int | None:
        try:
            reply = await client.get(f"{self._base_url}/models", timeout=LIST_SECONDS)
            reply.raise_for_status()
            served = {entry["id"]: entry for entry in reply.json()["data"]}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{self._base_url}/models gives no list of models: {error}") from error
        if source not in served:
            raise EngineError(
                f"{self._base_url} does not serve '{source}'. It serves: {', '.join(served) or 'nothing'}."
            )
        longest = served[source].get("max_model_len")
        return longest if isinstance(longest, int) else None

    def _address(self, endpoint: str) -> str:
        return self._base_url + endpoint.removeprefix("/v1")

    def _for_upstream(self, body: bytes) -> bytes:
        """The body as it came, unless the server knows the model under another name."""
        if self._model == self._upstream_model:
            return body
        try:
            request = orjson.loads(body)
        except orjson.JSONDecodeError:
            return body
        if not isinstance(request, dict) or request.get("model") != self._model:
            return body
        return orjson.dumps(request | {"model": self._upstream_model})

    def _unreachable(self, error: httpx.RequestError) -> Answer:
        # A 503 and not an EngineError: servers restart, and the request can simply be tried again.
        reason = str(error) or type(error).__name__
        return refusal(503, f"{self._base_url} could not be reached: {reason}", kind="server_error")


def _as_answer(reply: httpx.Response) -> Answer:
    retry_after_seconds = _retry_after(reply.headers.get("retry-after"))
    try:
        return Answer(reply.status_code, reply.content, usage_of(reply.content), retry_after_seconds)
    except orjson.JSONDecodeError:
        # A proxy's page. The output file takes JSON only; a success without JSON is none.
        status_code = 500 if reply.is_success else reply.status_code
        excerpt = reply.text[:EXCERPT_CHARACTERS]
        return refusal(status_code, excerpt, kind="server_error", retry_after_seconds=retry_after_seconds)


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait: HTTP gives them as a number or as the date of the next try."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
