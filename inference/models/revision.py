"""Which weights a model has: a mark that changes when they do."""

import os
from hashlib import blake2b
from pathlib import Path
from typing import Final

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

SAMPLE_BYTES: Final = 1024**2


def revision_of(source: str, revision: str | None = None, cache: str | None = None) -> str | None:
    """The commit of a model from a hub; of a folder, a fingerprint of its files. None where nobody can tell."""
    folder = Path(source)
    if folder.is_dir():
        return fingerprint(folder)
    try:
        cached = try_to_load_from_cache(source, "config.json", cache_dir=cache, revision=revision)
    except HFValidationError:
        return revision
    return Path(cached).parent.name if isinstance(cached, str) else revision


def fingerprint(path: Path) -> str:
    """Of every file its name, its size and its beginning, middle and end: whole weights would take minutes to read."""
    digest = blake2b(digest_size=16)
    for file in sorted(_files_in(path)):
        digest.update(f"{file.relative_to(path.parent if path.is_file() else path).as_posix()}\0".encode())
        try:
            _add_samples(digest, file)
        except OSError:
            # It may go while we look, or be nobody's business.
            digest.update(b"unreadable")
    return digest.hexdigest()


def _files_in(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and not _is_hidden(file, path)]


def _add_samples(digest: blake2b, file: Path) -> None:
    with file.open("rb") as content:
        size = content.seek(0, os.SEEK_END)
        digest.update(f"{size}\0".encode())
        for start in sorted({0, size // 2, max(0, size - SAMPLE_BYTES)}):
            content.seek(start)
            digest.update(content.read(SAMPLE_BYTES))


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
