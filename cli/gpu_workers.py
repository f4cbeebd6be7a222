"""The inference workers of this machine: one for each GPU, or on the CPU."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cli import process_table
from cli.gpus import gpus
from cli.processes import Program
from schemas.errors import StartFailed
from schemas.states import WorkerState
from schemas.tables import Worker


def gpu_workers(
    env: Mapping[str, str], engine: str, count: int | None, node_of: Callable[[str], str], is_up: Callable[[str], bool]
) -> list[Program]:
    """The workers' programs; those of the vLLM engine are pinned, each to a GPU of its own."""
    devices = [gpu.index for gpu in gpus(env)] if engine == "vllm" else []
    count = count or len(devices) or 1
    if devices and count > len(devices):
        raise StartFailed(f"{count} workers are wanted, but this machine has {len(devices)} GPUs: one worker for each.")
    names = [f"gpu{number}" for number in range(count)]
    pins = [{"CUDA_VISIBLE_DEVICES": device} for device in devices] or [{}] * count
    return [
        process_table.gpu_worker(name, node_of(name), {**env, **pin}, partial(is_up, node_of(name)))
        for name, pin in zip(names, pins, strict=False)
    ]


def holds_model(database: Engine, node: str, since: datetime) -> bool:
    """Whether a worker that was started since then serves; an engine that can't load its model is an error."""
    with Session(database) as session:
        worker = session.get(Worker, node)
    if worker is None or worker.started_at < since:
        return False
    if worker.state == WorkerState.BROKEN:
        raise StartFailed(f"{node} can't load its model: {worker.detail}")
    return worker.state in (WorkerState.READY, WorkerState.BUSY)
