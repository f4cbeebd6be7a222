"""Ours beside vLLM's own run_batch: the same requests, model and flags, sides in turn.

Both have their engine loaded. Theirs is timed from the reading of the file until all answers are in the output file;
ours from the start of the batch, when nothing of it is at the engine, until its last answer is saved in PostgreSQL.
Leases, heartbeats and saving as one goes are ours to pay for. What validation and the output file cost us beside that
is shown with each figure.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure
from benchmarks.ours import Ours, system_of
from benchmarks.sides import Compared
from benchmarks.theirs import RunBatch, run_batch_of


@dataclass(frozen=True, slots=True)
class Pair:
    ours: Ours
    theirs: RunBatch


@contextmanager
def pair_of(model: Path, flags: Mapping[str, str]) -> Iterator[Pair]:
    options = [f"--engine-arg={name}={value}" for name, value in flags.items()]
    with TemporaryDirectory(prefix="vbs-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (
            run_batch_of(folder, str(model), flags) as theirs,
            system_of(folder, "vllm", str(model), *options) as ours,
        ):
            yield Pair(ours, theirs)


def figures_of(workload: str, goal: float, compared: Compared) -> list[Figure]:
    """The ratio, and how many answers are not theirs."""
    whole = f"; {compared.whole_ratio:.2f} x with validation and the output file"
    ratio = Figure(
        f"requests/s against run_batch: {workload}",
        compared.ratio,
        goal,
        "x",
        compared.said + whole,
        at_least=True,
        rounds=compared.ratios,
        curves=compared.curves("ours", "run_batch"),
    )
    share = 100 * compared.different / compared.requests
    said = f"{compared.different} of {compared.requests}, at temperature 0"
    return [ratio, Figure(f"answers unlike run_batch's: {workload}", share, None, "%", said)]
