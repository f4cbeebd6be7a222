"""What an engine is: it loads one model and answers OpenAI request bodies until it is unloaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final, Protocol

from schemas.errors import SettingInvalid

ENDPOINTS: Final = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses")

BUILT_IN: Final = {
    "vllm": "inference.engines.vllm:VllmEngine",
    "openai": "inference.engines.openai:OpenaiEngine",
    "stub": "inference.engines.stub:StubEngine",
}


@dataclass(frozen=True, slots=True)
class Usage:
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer of the engine. `body` is JSON text, passed on to the output file untouched."""

    status_code: int
    body: bytes
    usage: Usage = Usage()
    # What an overloaded server asked for.
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an engine knows about the model once it is loaded."""

    device: str
    # Longest prompt plus answer in tokens; None where the server does not say.
    max_tokens: int | None
    # Requests that the engine really runs at the same time.
    concurrency: int
    # What decides its answers beside the request, as far as the engine can say: the revision of the weights, an
    # adapter, the engine's version and settings. Nothing secret: it is shown.
    details: Mapping[str, object] = field(default_factory=dict)


class Engine(Protocol):
    """All methods run on the worker's event loop. Made from the `--engine-arg` settings by its class.

    `answer` raises EngineError only when the engine itself is gone; everything that a server would answer over HTTP,
    an invalid body or an overload included, is an Answer. Cancelling `answer` aborts the request at the engine;
    cancelling `load` leaves nothing loaded.
    """

    name: str

    def __init__(self, args: Mapping[str, str]) -> None: ...

    @property
    def pulse(self) -> int | None:
        """A number that changes for as long as the engine works on something; None for one that is elsewhere."""

    async def load(self, model: str, source: str) -> Loaded: ...

    async def answer(self, endpoint: str, body: bytes) -> Answer: ...

    async def unload(self) -> None: ...


def create_engine(choice: str, args: Mapping[str, str]) -> Engine:
    """The engine a setting names: a built-in one, or the dotted path `module:Class` of another."""
    module, _, name = BUILT_IN.get(choice, choice).partition(":")
    try:
        engine: type[Engine] = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingInvalid("VBS_ENGINE", choice, "engine") from error
    return engine(args)
