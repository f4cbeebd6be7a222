"""Folders for the embedded servers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can pass through, as pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="vbs-tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
