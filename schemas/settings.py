"""Every setting of the system. This is the one file that reads the environment."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from schemas.errors import SettingInvalid

GIB = 1024**3
MIB = 1024**2


def _switch(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return known[text.strip().lower()]


def _pairs(text: str) -> dict[str, str]:
    """Read `a=1,b=2`, or a JSON object where a value holds a comma."""
    if text.lstrip().startswith("{"):
        return {str(name): str(value) for name, value in json.loads(text).items()}
    return {name.strip(): value for name, _, value in (item.partition("=") for item in text.split(",") if item.strip())}


_READERS: dict[type, Callable[[str], Any]] = {
    str: str, int: int, float: float, bool: _switch, dict: _pairs, Path: lambda text: Path(text).expanduser()
}  # fmt: skip


def _setting(name: str, default: Any, kind: type, help_text: str) -> Any:
    return field(default_factory=lambda: default, metadata={"name": name, "kind": kind, "help": help_text})


@dataclass(frozen=True, slots=True)
class Settings:
    # Where things are
    database_url: str = _setting("DATABASE_URL", "", str, "PostgreSQL to use instead of the embedded one.")
    redis_url: str = _setting("REDIS_URL", "", str, "Redis or Valkey to use instead of the embedded one.")
    data_dir: Path = _setting("VBS_DATA_DIR", Path("data"), Path, "Folder for everything this machine keeps.")
    file_store: str = _setting("VBS_FILE_STORE", "", str, "Folder or fsspec address (`s3://bucket/prefix`) for uploads and outputs. Empty: `files` in the data folder.")  # fmt: skip
    log_level: str = _setting("VBS_LOG_LEVEL", "INFO", str, "DEBUG, INFO, WARNING or ERROR.")
    plugins: str = _setting("VBS_PLUGINS", "", str, "Modules of your own with hooks (docs/plugins.md), with commas between them.")  # fmt: skip

    # Engine and models
    engine: str = _setting("VBS_ENGINE", "vllm", str, "`vllm`, `openai`, `stub`, or the dotted path `module:Class` of your own.")  # fmt: skip
    engine_args: dict[str, str] = _setting("VBS_ENGINE_ARGS", {}, dict, "Arguments of the engine, `key=value,key=value`.")  # fmt: skip
    models: dict[str, str] = _setting("VBS_MODELS", {}, dict, "Models to serve, `name=folder-or-hub-id,...`. `--model` sets it.")  # fmt: skip
    engine_window: int = _setting("VBS_ENGINE_WINDOW", 0, int, "Requests in flight at one engine. 0: twice what the engine runs at once.")  # fmt: skip

    # Running batches
    chunk_size: int = _setting("VBS_CHUNK_SIZE", 5000, int, "Most requests in one chunk.")
    flush_seconds: float = _setting("VBS_FLUSH_SECONDS", 1.0, float, "How long a finished answer waits at most before it is saved.")  # fmt: skip
    lease_seconds: float = _setting("VBS_LEASE_SECONDS", 20.0, float, "A chunk whose worker is silent this long goes to another worker.")  # fmt: skip
    sweep_seconds: float = _setting("VBS_SWEEP_SECONDS", 5.0, float, "How often the sweep looks for work that nobody has noticed.")  # fmt: skip
    engine_stall_seconds: float = _setting("VBS_ENGINE_STALL_SECONDS", 300.0, float, "An engine with work that makes no step for this long counts as dead and is loaded again. 0: never.")  # fmt: skip
    engine_load_seconds: float = _setting("VBS_ENGINE_LOAD_SECONDS", 3600.0, float, "A model that is not loaded after this long is given up and loaded again. 0: never.")  # fmt: skip
    max_batch_requests: int = _setting("VBS_MAX_BATCH_REQUESTS", 10_000_000, int, "Most requests in one batch.")
    max_line_bytes: int = _setting("VBS_MAX_LINE_BYTES", 16 * MIB, int, "Longest line of an input file.")
    max_line_errors: int = _setting("VBS_MAX_LINE_ERRORS", 1000, int, "Most bad lines reported for one batch.")
    max_engine_attempts: int = _setting("VBS_MAX_ENGINE_ATTEMPTS", 5, int, "Tries of a request that the engine answers with 500. An overloaded or unreachable engine is asked again until the batch expires.")  # fmt: skip

    # Files
    max_file_bytes: int = _setting("VBS_MAX_FILE_BYTES", 8 * GIB, int, "Largest file or upload.")
    max_part_bytes: int = _setting("VBS_MAX_PART_BYTES", 64 * MIB, int, "Largest part of an upload.")
    upload_seconds: int = _setting("VBS_UPLOAD_SECONDS", 3600, int, "An upload that is not completed expires after this.")  # fmt: skip
    input_retention_days: float = _setting("VBS_INPUT_RETENTION_DAYS", 7.0, float, "Input files are purged after this.")
    output_retention_days: float = _setting("VBS_OUTPUT_RETENTION_DAYS", 30.0, float, "Output and failed files are purged after this.")  # fmt: skip
    reuse_days: float = _setting(
        "VBS_REUSE_DAYS",
        0.0,
        float,
        "How long the answers of batches that reuse answers are kept for the next ones. 0: no batch can.",
    )

    # Keys and quotas
    requests_per_minute: int = _setting("VBS_REQUESTS_PER_MINUTE", 6000, int, "API calls per key and minute. 0: no limit.")  # fmt: skip
    pending_requests: int = _setting("VBS_PENDING_REQUESTS", 0, int, "Batch requests a tenant may have waiting or running. 0: no limit.")  # fmt: skip
    stored_bytes: int = _setting("VBS_STORED_BYTES", 0, int, "Bytes a tenant may keep in files. 0: no limit.")
    audit_retention_days: float = _setting("VBS_AUDIT_RETENTION_DAYS", 365.0, float, "How long the audit log is kept.")  # fmt: skip

    # Webhooks
    webhook_allow_private: bool = _setting("VBS_WEBHOOK_ALLOW_PRIVATE", False, bool, "Let webhooks go to private and loopback addresses and to plain http.")  # fmt: skip
    webhook_timeout_seconds: float = _setting("VBS_WEBHOOK_TIMEOUT_SECONDS", 10.0, float, "How long a webhook's receiver may take.")  # fmt: skip
    webhook_attempts: int = _setting("VBS_WEBHOOK_ATTEMPTS", 8, int, "Tries of one webhook before it is given up.")

    # Addresses that people see, for links between the pages
    api_url: str = _setting("VBS_API_URL", "", str, "Address of the API, for links from the pages for people.")
    ui_url: str = _setting("VBS_UI_URL", "", str, "Address of the pages for people, for links from the API's pages.")
    flower_url: str = _setting("VBS_FLOWER_URL", "", str, "Address of Flower, for links.")
    trusted_proxies: int = _setting("VBS_TRUSTED_PROXIES", 0, int, "Proxies in a row before the API and the pages, whose `X-Forwarded-` headers are believed.")  # fmt: skip

    # Connections
    statement_timeout_seconds: float = _setting("VBS_STATEMENT_TIMEOUT_SECONDS", 30.0, float, "PostgreSQL gives up a web request's statement after this.")  # fmt: skip
    pool_size: int = _setting("VBS_POOL_SIZE", 16, int, "Most PostgreSQL connections of one process.")

    @property
    def file_store_url(self) -> str:
        return self.file_store or str(self.data_dir / "files")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Turn an environment into settings, naming the variable that does not fit."""
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        text = environ.get(setting.metadata["name"], "")
        if text == "":
            continue
        try:
            values[setting.name] = _READERS[setting.metadata["kind"]](text)
        except (ValueError, KeyError) as error:
            raise SettingInvalid(setting.metadata["name"], text, setting.metadata["kind"].__name__) from error
    return Settings(**values)


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings(os.environ)


def environment_of(wanted: Settings) -> dict[str, str]:
    """The variables that give a child process these settings, beside what it inherits."""
    return dict(os.environ) | {
        setting.metadata["name"]: _as_text(getattr(wanted, setting.name)) for setting in fields(Settings)
    }


def set_variable(name: str, value: str) -> None:
    """For a library that takes this from the environment alone, and for the processes that it starts."""
    os.environ[name] = value


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value) if value else ""
    return str(value)
