"""Which weights a model has: a mark that changes when they do."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

SAMPLE_BYTES: Final = 1024**2


def revision_of(source: str, revision: str | None = None) -> str | None:
    """The commit of a model from a hub; of a folder, a fingerprint of its files. None where nobody can tell."""
    folder = Path(source)
    if folder.is_dir():
        return fingerprint(folder)
    try:
        cached = try_to_load_from_cache(source, "config.json", revision=revision)
    except HFValidationError:
        return revision
    return Path(cached).parent.name if isinstance(cached, str) else revision


def fingerprint(folder: Path) -> str:
    """Of every file its name, its size and its beginning, middle and end: whole weights would take minutes to read."""
    digest = blake2b(digest_size=16)
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder)):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(folder).as_posix()}\0{size}\0".encode())
        with file.open("rb") as content:
            for start in sorted({0, max(0, size // 2), max(0, size - SAMPLE_BYTES)}):
                content.seek(start)
                digest.update(content.read(SAMPLE_BYTES))
    return digest.hexdigest()


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
