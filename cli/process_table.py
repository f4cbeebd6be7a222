"""Every process of the system beside the databases: how it is run, and how to see that it is up."""

import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from celery import Celery
from kombu.exceptions import OperationalError

from cli.processes import Program
from inference.engines.environment import WORKER_ENVIRONMENT

ROOT: Final = Path(__file__).parents[1]
# The API stays quick while the engines take what is left.
WORKER_NICENESS: Final = 5
CPU_QUEUES: Final = "default,webhooks,retention,labelstudio"
# Together with the databases' this stays under the 15 seconds that an orderly end may take.
WEB_STOP_SECONDS: Final = 3.0
WORKER_STOP_SECONDS: Final = 9.0


@dataclass(frozen=True, slots=True)
class Addresses:
    host: str
    api_port: int
    ui_port: int
    flower_port: int

    @property
    def api_url(self) -> str:
        return self._url(self.api_port)

    @property
    def ui_url(self) -> str:
        return self._url(self.ui_port)

    @property
    def flower_url(self) -> str:
        # Flower asks nobody who they are, so it never leaves this machine.
        return f"http://127.0.0.1:{self.flower_port}"

    def _url(self, port: int) -> str:
        """What to type into a browser on this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def api(addresses: Addresses, env: Mapping[str, str]) -> Program:
    argv = _gunicorn("webapi.api:create_app()", addresses.host, addresses.api_port, workers=2)
    return _web("api", argv, env, f"{addresses.api_url}/health")


def ui(addresses: Addresses, env: Mapping[str, str]) -> Program:
    argv = _gunicorn("webapi.ui:create_app()", addresses.host, addresses.ui_port, workers=1)
    return _web("ui", argv, env, addresses.ui_url)


def flower(addresses: Addresses, env: Mapping[str, str], run_dir: Path) -> Program:
    where = ["--address=127.0.0.1", f"--port={addresses.flower_port}"]
    argv = _celery("flower", *where, "--persistent=True", f"--db={run_dir / 'flower.db'}")
    return _web("flower", argv, env, f"{addresses.flower_url}/healthcheck")


def beat(env: Mapping[str, str], run_dir: Path) -> Program:
    argv = _celery("beat", "--loglevel=INFO", "--pidfile=", f"--schedule={run_dir / 'beat-schedule'}")
    return Program("beat", argv, env, stop_seconds=WEB_STOP_SECONDS, cwd=ROOT)


def cpu_worker(node: str, env: Mapping[str, str], redis_url: str) -> Program:
    return _worker("cpu", _celery_worker(node, CPU_QUEUES, threads=4), env, lambda: answers_ping(redis_url, node))


def gpu_worker(name: str, node: str, env: Mapping[str, str], is_up: Callable[[], bool]) -> Program:
    return _worker(name, gpu_worker_argv(node), {**WORKER_ENVIRONMENT, **env}, is_up)


def gpu_worker_argv(node: str) -> list[str]:
    # One wake-up runs all there is to run.
    return _celery_worker(node, "inference", threads=1)


def node_name(name: str) -> str:
    return f"{name}@{socket.gethostname()}"


def _worker(name: str, argv: list[str], env: Mapping[str, str], is_up: Callable[[], bool]) -> Program:
    return Program(name, argv, env, is_up, stop_seconds=WORKER_STOP_SECONDS, nice=WORKER_NICENESS, cwd=ROOT)


def _web(name: str, argv: list[str], env: Mapping[str, str], url: str) -> Program:
    return Program(name, argv, env, lambda: answers_http(url), stop_seconds=WEB_STOP_SECONDS, cwd=ROOT)


def _gunicorn(application: str, host: str, port: int, workers: int) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ["--config=python:webapi.server", f"--bind={bind}", f"--workers={workers}", "--graceful-timeout=2"]
    return [sys.executable, "-m", "gunicorn", *options, application]


def _celery_worker(node: str, queues: str, threads: int) -> list[str]:
    pool = ["--pool=threads", f"--concurrency={threads}"]
    # Gossip and mingle compare notes between workers, which the tables do better.
    quiet = ["--without-gossip", "--without-mingle"]
    return _celery("worker", *pool, f"--queues={queues}", f"--hostname={node}", "--loglevel=INFO", *quiet)


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app=tasks.app", *words]


def answers_http(url: str) -> bool:
    """A degraded system answers too, and so does a page that asks for a key first."""
    try:
        return httpx.get(url, timeout=2.0, trust_env=False).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.HTTPError:
        return False


def answers_ping(redis_url: str, node: str) -> bool:
    with Celery(broker=redis_url) as app:
        try:
            return bool(app.control.ping(destination=[node], timeout=0.5))
        except OperationalError:
            return False
