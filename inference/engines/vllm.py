"""vLLM in this process: its own OpenAI application over its own engine, without a socket in between."""

import asyncio
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import SimpleNamespace
from typing import Final, NoReturn

from vllm import __version__ as VLLM_VERSION
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.platforms import current_platform
from vllm.tasks import SupportedTask
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.metrics.loggers import StatLoggerBase

from inference.engines import children
from inference.engines.asgi import Application, NoAnswer, post_json
from inference.engines.base import ENDPOINTS, Answer, Loaded
from inference.engines.hardware import (
    Memory,
    check_gpu,
    check_room,
    check_share,
    cpu_cache_bytes,
    read_cpu_memory,
    read_gpus,
    weights_bytes,
)
from inference.engines.options import OFF, ON
from inference.engines.refusals import refusal, refuse_unbatchable
from inference.engines.usage import usage_of
from inference.models.revision import fingerprint, revision_of
from schemas.errors import EngineError, SettingInvalid
from schemas.settings import set_variable

try:
    from vllm.entrypoints.launchers.api_server.app_state import init_app_state
    from vllm.entrypoints.launchers.app import build_app
    from vllm.entrypoints.launchers.cli_args import make_arg_parser
except ImportError:  # vLLM before 0.30 has them elsewhere, with the same signatures.
    from vllm.entrypoints.openai.api_server import build_app, init_app_state
    from vllm.entrypoints.openai.cli_args import make_arg_parser  # type: ignore[no-redef]

# Batches report cached tokens; nobody browses the documentation of an application without a socket.
ALWAYS: Final = ["--enable-prompt-tokens-details", "--disable-fastapi-docs", "--no-use-tqdm-on-load"]
# vLLM's processes have nothing to save, and Python takes seconds to tidy each of them up: vLLM's own server kills them
# at once.
SHUTDOWN_SECONDS: Final = 1.0
# How long the memory of a killed process takes to be free again.
GONE_SECONDS: Final = 3.0
SERVER_ERROR: Final = 500
# Settings that are shown as they are. Others may hold secrets or paths: of them all a digest is shown.
SHOWN: Final = {
    "block_size", "dtype", "enable_prefix_caching", "enforce_eager", "gpu_memory_utilization", "kv_cache_dtype",
    "kv_cache_memory_bytes", "load_format", "max_model_len", "max_num_batched_tokens", "max_num_seqs",
    "num_gpu_blocks_override", "pipeline_parallel_size", "quantization", "revision", "runner", "convert", "seed",
    "tensor_parallel_size", "tokenizer_mode",
}  # fmt: skip
WEIGHT_BYTES: Final = {"float32": 4, "float": 4, "float16": 2, "half": 2, "bfloat16": 2}
# What a model can do, in vLLM's words, and the endpoints that need it.
TASK_OF: Final = {endpoint: "embed" if endpoint == "/v1/embeddings" else "generate" for endpoint in ENDPOINTS}


class VllmEngine:
    name = "vllm"

    def __init__(self, args: Mapping[str, str]) -> None:
        # Now, so that a slip of the finger stops the worker at its start.
        check_arguments(args)
        self._arguments = as_command_line(args)
        self._given = {name.strip(): value for name, value in args.items()}
        self._engine: AsyncLLM | None = None
        self._sockets: TemporaryDirectory[str] | None = None
        self._application: Application | None = None
        self._tasks: tuple[SupportedTask, ...] = ()
        self._steps = Steps()

    @property
    def pulse(self) -> int:
        return self._steps.count

    async def load(self, model: str, source: str) -> Loaded:
        await self.unload()
        arguments = _parse([*ALWAYS, *self._arguments, "--model", source, "--served-model-name", model])
        # Loading takes a while and must not stop the worker's heartbeat.
        await asyncio.to_thread(self._prepare, arguments, source)
        try:
            return await self._start(arguments, source)
        except BaseException:
            # Whatever it was: what is half loaded holds a GPU's memory.
            await self.unload()
            raise

    async def answer(self, endpoint: str, body: bytes) -> Answer:
        if self._engine is None or self._application is None:
            raise EngineError("The vLLM engine holds no model: it was never loaded, or is unloaded.")
        if endpoint not in ENDPOINTS:
            return refusal(404, f"Unknown endpoint: {endpoint}", code="unknown_url")
        if TASK_OF[endpoint] not in self._tasks:
            return refusal(404, f"The model does not support {endpoint}.", code="unsupported_endpoint")
        refused = refuse_unbatchable(body)
        if refused is not None:
            return refused
        return await self._ask(self._engine, self._application, endpoint, body)

    async def unload(self) -> None:
        self._application = None
        engine, self._engine = self._engine, None
        if engine is not None:
            if engine.output_handler is not None:
                # Else it would take the end of its engine for an accident.
                engine.output_handler.cancel()
            await asyncio.to_thread(_end, engine)
        if self._sockets is not None:
            self._sockets.cleanup()

    @property
    def unfinished_requests(self) -> int:
        """Requests that vLLM still works on."""
        return 0 if self._engine is None else self._engine.get_num_unfinished_requests()

    async def _ask(self, engine: AsyncLLM, application: Application, endpoint: str, body: bytes) -> Answer:
        try:
            reply = await post_json(application, endpoint, body)
        except NoAnswer as error:
            raise EngineError(f"vLLM broke while it answered: {error}") from error
        if reply.status_code >= SERVER_ERROR and engine.errored:
            raise EngineError("vLLM's engine process has died; its log says why.")
        return Answer(reply.status_code, reply.body, usage_of(reply.body))

    async def _start(self, arguments: Namespace, source: str) -> Loaded:
        # Where vLLM's processes meet. They leave their sockets behind.
        self._sockets = TemporaryDirectory(prefix="vbs-vllm-", ignore_cleanup_errors=True)
        set_variable("VLLM_RPC_BASE_PATH", self._sockets.name)
        self._engine = engine = await _in_thread(_make, arguments, source, self._steps)
        try:
            self._tasks = await engine.get_supported_tasks()
            self._application = await _application_of(engine, arguments, self._tasks)
        except Exception as error:
            raise EngineError(f"vLLM loaded {source}, but can't serve it: {error}") from error
        return Loaded(
            device=_device_name(),
            max_tokens=engine.model_config.max_model_len,
            concurrency=engine.vllm_config.scheduler_config.max_num_seqs,
            details=await asyncio.to_thread(self._details, engine, arguments, source),
        )

    def _details(self, engine: AsyncLLM, arguments: Namespace, source: str) -> dict[str, object]:
        model = engine.model_config
        return {
            "revision": revision_of(source, arguments.revision, arguments.download_dir),
            "adapter": None,
            "engine_version": VLLM_VERSION,
            "dtype": str(model.dtype).removeprefix("torch."),
            "quantization": model.quantization,
            "max_tokens": model.max_model_len,
            "seed": model.seed,
            "sampling_defaults": model.get_diff_sampling_param(),
            "settings": {name: value for name, value in self._given.items() if name in SHOWN},
            "other_settings": _digest({name: value for name, value in self._given.items() if name not in SHOWN}),
        }

    def _prepare(self, arguments: Namespace, source: str) -> None:
        """Check the hardware, and fill in what vLLM's own defaults get wrong on a CPU."""
        weights = weights_bytes(Path(source), _bytes_per_weight(arguments)) or 0
        if current_platform.is_cpu():
            memory = read_cpu_memory()
            check_room(source, weights, memory)
            self._fill_in_for_cpu(arguments, weights, memory)
        elif current_platform.is_cuda():
            _check_gpus(arguments, source, weights)

    def _fill_in_for_cpu(self, arguments: Namespace, weights: int, memory: Memory) -> None:
        # vLLM would take 92% of the machine, and would compile for minutes what then runs no faster.
        if not self._given.keys() & {"kv_cache_memory_bytes", "gpu_memory_utilization"}:
            arguments.kv_cache_memory_bytes = cpu_cache_bytes(weights, memory)
        if "enforce_eager" not in self._given:
            arguments.enforce_eager = True


def _digest(settings: Mapping[str, str]) -> str | None:
    """Of all names and values; of what is a file or a folder, with its content."""
    if not settings:
        return None
    digest = blake2b(digest_size=16)
    for name, value in sorted(settings.items()):
        content = fingerprint(Path(value)) if Path(value).exists() else ""
        digest.update(f"{name}\0{value}\0{content}\0".encode())
    return digest.hexdigest()


class Steps(StatLoggerBase):
    """Counts the engine's steps: vLLM reports each of them to those who log statistics."""

    def __init__(self, *_: object) -> None:
        self.count = 0

    def record(self, *_: object, **__: object) -> None:
        self.count += 1

    def log_engine_initialized(self) -> None:
        """There is nothing to say."""


class _Parser(FlexibleArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def check_arguments(args: Mapping[str, str]) -> None:
    parser = make_arg_parser(_Parser())  # type: ignore[no-untyped-call]
    flags = {flag.removeprefix("--") for flag in parser._option_string_actions if flag.startswith("--")} - {"help"}
    for name, value in args.items():
        # Some arguments have parts, as in `compilation_config.mode`.
        if _flag(name).partition(".")[0] not in flags:
            raise SettingInvalid(name, value, f"argument of the vllm engine; {_hint(name, flags)}")
        try:
            parser.parse_args(as_command_line({name: value}))
        except ValueError as error:
            # vLLM's own words may have many lines.
            raise SettingInvalid(name, value, f"setting of vLLM: {' '.join(str(error).split())}") from error


def _hint(name: str, flags: Iterable[str]) -> str:
    names = sorted(flag.replace("-", "_") for flag in flags)
    near = get_close_matches(name, names)
    return f"the nearest are {', '.join(near)}" if near else f"it knows {', '.join(names)}"


def as_command_line(args: Mapping[str, str]) -> list[str]:
    """`max_model_len=512` as vLLM's command line has it: switches have a name for on and one for off."""
    line = []
    for name, value in args.items():
        flag = _flag(name)
        if value.strip().lower() in ON - {"1"}:
            line.append(f"--{flag}")
        elif value.strip().lower() in OFF - {"0"}:
            line.append(f"--no-{flag}")
        else:
            line.append(f"--{flag}={value}")
    return line


def _flag(name: str) -> str:
    return name.strip().replace("_", "-")


def _parse(line: list[str]) -> Namespace:
    parser = make_arg_parser(_Parser())  # type: ignore[no-untyped-call]
    return Namespace(**vars(parser.parse_args(line)))


def _bytes_per_weight(arguments: Namespace) -> int | None:
    """None where the weights keep the type they are stored in."""
    return WEIGHT_BYTES.get(arguments.dtype)


def _check_gpus(arguments: Namespace, source: str, weights: int) -> None:
    parts = arguments.tensor_parallel_size * arguments.pipeline_parallel_size
    wanted = [str(current_platform.device_id_to_physical_device_id(index)) for index in range(parts)]
    for gpu in read_gpus(wanted):
        check_gpu(gpu)
        check_room(source, weights // parts, gpu.memory, arguments.gpu_memory_utilization)
        check_share(gpu.memory, arguments.gpu_memory_utilization)


def _make(arguments: Namespace, source: str, steps: Steps) -> AsyncLLM:
    try:
        wanted = AsyncEngineArgs.from_cli_args(arguments)
        return AsyncLLM.from_engine_args(wanted, stat_loggers=[lambda *_: steps])
    except Exception as error:
        # vLLM has as many kinds of failure as it has models and devices; none of them may end the worker.
        raise EngineError(f"vLLM could not load {source}: {error}") from error


async def _in_thread(make: Callable[..., AsyncLLM], *args: object) -> AsyncLLM:
    before = children.started()
    making = asyncio.create_task(asyncio.to_thread(make, *args))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        # A thread can't be ended. Without its processes it fails by itself; what it starts later ends when it is done.
        children.kill(set(children.started()).difference(before))
        making.add_done_callback(_end_late)
        raise


def _end_late(made: "asyncio.Task[AsyncLLM]") -> None:
    if not made.cancelled() and made.exception() is None:
        Thread(target=_end, args=(made.result(),), daemon=True).start()


def _end(engine: AsyncLLM) -> None:
    """Returns when the memory of the engine's processes is free for another model."""
    processes = children.started()
    engine.shutdown(SHUTDOWN_SECONDS)
    children.wait_for_end(processes, GONE_SECONDS)


async def _application_of(engine: AsyncLLM, arguments: Namespace, tasks: tuple[SupportedTask, ...]) -> Application:
    application = build_app(arguments, tasks, engine.model_config)
    await init_app_state(engine, application.state, arguments, tasks)
    # vLLM's error handlers ask a server to exit when the engine has died; there is none, and `answer` tells instead.
    application.state.server = SimpleNamespace(should_exit=False)
    return application


def _device_name() -> str:
    return "cpu" if current_platform.is_cpu() else str(current_platform.get_device_name())
