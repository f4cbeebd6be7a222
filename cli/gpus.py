"""Which GPUs this machine has, as nvidia-smi tells it."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gpu:
    index: str
    name: str
    total_mib: int
    used_mib: int


def gpus(environ: Mapping[str, str]) -> list[Gpu]:
    """The GPUs that this process may use; none where there is no driver."""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return []
    query = "--query-gpu=index,name,memory.total,memory.used,uuid"
    answer = subprocess.run([smi, query, "--format=csv,noheader,nounits"], capture_output=True, text=True, check=False)
    rows = [[cell.strip() for cell in line.split(",")] for line in answer.stdout.splitlines() if line.count(",") == 4]
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    wanted = None if visible is None else [name.strip() for name in visible.split(",")]
    return [
        Gpu(index, name, int(total), int(used))
        for index, name, total, used, uuid in rows
        if (wanted is None or index in wanted or uuid in wanted) and total.isdigit() and used.isdigit()
    ]
