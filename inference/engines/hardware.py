"""Whether a model can be loaded on what this machine has, decided before the engine tries."""

import json
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

import psutil

from schemas.errors import EngineError, EngineTooLarge
from schemas.settings import GIB, MIB

# Above this a GPU throttles itself to a fraction of its speed, or is about to stop.
HOTTEST_CELSIUS: Final = 95
# Activations, CUDA context and allocator slack beside the weights, and a key-value cache worth starting with.
WORKING_ROOM_BYTES: Final = 1 * GIB
LEAST_CACHE_BYTES: Final = 256 * MIB
MOST_CPU_CACHE_BYTES: Final = 2 * GIB
NVIDIA_SMI_SECONDS: Final = 30
GPU_FACTS: Final = "index,name,memory.total,memory.free,temperature.gpu,ecc.errors.uncorrected.volatile.total"
# Bytes of one element as safetensors names them.
DTYPE_BYTES: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2}
CASTABLE: Final = {"F64", "F32", "F16", "BF16"}


@dataclass(frozen=True, slots=True)
class Memory:
    device: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Gpu:
    memory: Memory
    temperature_celsius: int | None
    uncorrected_errors: int | None


def check_gpu(gpu: Gpu) -> None:
    """Refuse a GPU that would give wrong answers or none."""
    if gpu.uncorrected_errors:
        raise EngineError(
            f"{gpu.memory.device} reports {gpu.uncorrected_errors} uncorrectable memory errors since it was last "
            "reset: its answers can't be trusted. Reset or replace it."
        )
    if gpu.temperature_celsius is not None and gpu.temperature_celsius >= HOTTEST_CELSIUS:
        raise EngineError(f"{gpu.memory.device} is at {gpu.temperature_celsius} degrees Celsius. Check its cooling.")


def check_room(model: str, weights_bytes: int, memory: Memory, share: float = 1.0) -> None:
    """Refuse a model that does not fit into its share of the memory, with what to do about it."""
    allowed = int(memory.total_bytes * share)
    usable = min(allowed, memory.free_bytes)
    needed = weights_bytes + LEAST_CACHE_BYTES + WORKING_ROOM_BYTES
    if needed <= usable:
        return
    limit = f", {_gib(allowed)} of which may be used" if share < 1 else ""
    raise EngineTooLarge(
        f"{model} needs about {_gib(needed)} ({_gib(weights_bytes)} of weights); {memory.device} has "
        f"{_gib(memory.free_bytes)} free of {_gib(memory.total_bytes)}{limit}. Free memory that other processes "
        "hold, load it with a smaller `dtype` or quantised, or choose a smaller model."
    )


def check_share(memory: Memory, share: float) -> None:
    """vLLM takes its whole share at once and fails late where that is not free."""
    wanted = int(memory.total_bytes * share)
    if memory.free_bytes < wanted:
        raise EngineTooLarge(
            f"The engine takes {share:.0%} of {memory.device} ({_gib(wanted)}), but only {_gib(memory.free_bytes)} is "
            "free. Stop what else uses it, or set the engine argument `gpu_memory_utilization` lower."
        )


def cpu_cache_bytes(weights_bytes: int, memory: Memory) -> int:
    """A key-value cache that leaves the machine room for everything else that runs on it."""
    left = memory.free_bytes - weights_bytes - WORKING_ROOM_BYTES
    return max(LEAST_CACHE_BYTES, min(left // 4, MOST_CPU_CACHE_BYTES))


def weights_bytes(folder: Path, cast_to_bytes: int | None = None) -> int | None:
    """Memory that the model's weights take; None where the folder has no safetensors to tell."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return None
    return sum(_tensor_bytes(tensor, cast_to_bytes) for file in files for tensor in _tensors(file))


def _tensors(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return (tensor for name, tensor in header.items() if name != "__metadata__")


def _tensor_bytes(tensor: dict[str, Any], cast_to_bytes: int | None) -> int:
    kind = tensor["dtype"]
    stored = DTYPE_BYTES.get(kind, 1)
    return int(prod(tensor["shape"])) * (cast_to_bytes if cast_to_bytes and kind in CASTABLE else stored)


def read_gpus(wanted: Sequence[str]) -> list[Gpu]:
    """The GPUs with these indices or UUIDs, as the driver sees them."""
    command = ["nvidia-smi", f"--id={','.join(wanted)}", f"--query-gpu={GPU_FACTS}", "--format=csv,noheader,nounits"]
    try:
        report = subprocess.run(command, capture_output=True, text=True, check=True, timeout=NVIDIA_SMI_SECONDS)
    except subprocess.CalledProcessError as error:
        raise EngineError(f"The GPU driver reports a fault: {(error.stdout + error.stderr).strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"The GPU's state can't be read: {error}") from error
    return [parse_gpu(line) for line in report.stdout.splitlines() if line.strip()]


def parse_gpu(line: str) -> Gpu:
    index, name, total, free, temperature, errors = (field.strip() for field in line.split(","))
    memory = Memory(f"GPU {index} ({name})", int(total) * MIB, int(free) * MIB)
    return Gpu(memory, _number(temperature), _number(errors))


def _number(text: str) -> int | None:
    """Consumer cards answer `[N/A]` for what they don't measure."""
    return int(text) if text.isdigit() else None


def read_cpu_memory(cgroup: Path = Path("/sys/fs/cgroup")) -> Memory:
    """The memory of this machine, or of this container where it may use less."""
    machine = psutil.virtual_memory()
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):
        return Memory("the CPU", machine.total, machine.available)
    return Memory("the CPU", min(machine.total, limit), min(machine.available, limit - used))


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / GIB:.1f} GiB"
