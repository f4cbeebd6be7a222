"""Write requirements.lock: every package that requirements.in leads to, as installed here, with its hash.

What is locked is what is installed in the environment that runs this, so a lock is made from what was tested.
"""

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
WANTED: Final = ROOT / "requirements.in"
LOCK: Final = ROOT / "requirements.lock"

# Installed by a step of its own, by version: every kind of machine has another build of it, with another hash.
APART: Final = "torch"
LEFT_OUT: Final = {
    "torchvision": "a CUDA build that breaks transformers beside a CPU torch; vLLM runs without it",
    "torchaudio": "like torchvision",
    "torchcodec": "like torchvision",
    "django": "only the files of drf-spectacular-sidecar are used",
}
HEADER: Final = """\
# Made by `make lock` from requirements.in, for {where}. Install with `--no-deps --require-hashes`.
# Left out on purpose: {left_out}.
# torch comes apart, by version: see `make setup`.
"""


@click.command()
def lock() -> None:
    """Lock what is installed."""
    pins = dict(sorted(closure(read_wanted())))
    hashes = hashes_of(pins)
    missing = pins.keys() - hashes.keys()
    if missing:
        raise click.ClickException(f"The package index gave no hash for {', '.join(sorted(missing))}.")
    entries = (f"{name}=={number} \\\n    --hash=sha256:{hashes[name]}\n" for name, number in pins.items())
    LOCK.write_text(_header() + "".join(entries))
    click.echo(f"{len(pins)} packages locked in {LOCK.name}.")


def read_wanted() -> list[Requirement]:
    lines = (line.strip() for line in WANTED.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def closure(wanted: list[Requirement]) -> Iterator[tuple[str, str]]:
    """Every package the wanted ones lead to, with its installed version, never passing through one that is left out."""
    waiting, seen = list(wanted), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        step = (name, frozenset(requirement.extras))
        if step in seen or name in LEFT_OUT:
            continue
        seen.add(step)
        yield from _pin(requirement, name)
        waiting += _needed_by(requirement)


def hashes_of(pins: dict[str, str]) -> dict[str, str]:
    """SHA-256 of the file that pip would install for each package, from pip's own report."""
    with tempfile.TemporaryDirectory() as folder:
        pinned, report = Path(folder, "pinned.txt"), Path(folder, "report.json")
        pinned.write_text("".join(f"{name}=={number}\n" for name, number in pins.items()))
        options = ["--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", str(report)]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, "-r", str(pinned)], check=True)
        installs = json.loads(report.read_bytes())["install"]
    return {canonicalize_name(item["metadata"]["name"]): _sha256(item) for item in installs}


def _pin(requirement: Requirement, name: str) -> Iterator[tuple[str, str]]:
    if name == APART:
        return
    try:
        installed = distribution(name).version
    except PackageNotFoundError as error:
        raise click.ClickException(f"{requirement} is not installed here.") from error
    if not requirement.specifier.contains(installed, prereleases=True):
        raise click.ClickException(f"{requirement} is wanted, but {installed} is installed here.")
    yield name, installed


def _needed_by(requirement: Requirement) -> list[Requirement]:
    """Torch's CUDA packages and Triton come with torch, in its own step."""
    needed = [Requirement(text) for text in distribution(requirement.name).requires or []]
    needed = [item for item in needed if _applies(item, requirement.extras)]
    return [item for item in needed if not (requirement.name == APART and _is_for_cuda(item.name))]


def _applies(item: Requirement, extras: set[str]) -> bool:
    """On this kind of machine, with this Python or the first of its series: some packages fill the gaps of that one."""
    series = f"{sys.version_info.major}.{sys.version_info.minor}"
    pythons = (platform.python_version(), f"{series}.0")
    marker = item.marker
    return marker is None or any(
        marker.evaluate({"extra": extra, "python_full_version": python})
        for extra in extras or {""}
        for python in pythons
    )


def _is_for_cuda(name: str) -> bool:
    return name.startswith(("nvidia-", "cuda-", "triton"))


def _sha256(item: dict[str, Any]) -> str:
    return str(item["download_info"]["archive_info"]["hashes"]["sha256"])


def _header() -> str:
    where = f"CPython {sys.version_info.major}.{sys.version_info.minor} on {sys.platform} {platform.machine()}"
    return HEADER.format(where=where, left_out=", ".join(LEFT_OUT))


if __name__ == "__main__":
    lock()
