"""What one running system leaves in its data folder: a lock, where everything is, and the first key."""

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Final, Self

from cli.embedded import private_file
from schemas.errors import StartFailed

MARK_BYTES: Final = 2


@dataclass(slots=True)
class Running:
    """Where to find a running system. The addresses hold passwords, so the file is its owner's only."""

    pid: int
    api_url: str = ""
    ui_url: str = ""
    flower_url: str = ""
    database_url: str = ""
    redis_url: str = ""
    engine: str = ""
    models: list[str] = field(default_factory=list)
    ready: bool = False
    # Process id and start time by name: together they tell a process from a later one with the same id.
    processes: dict[str, tuple[int, float]] = field(default_factory=dict)


class Instance:
    """A data folder, seen from outside or, under `hold`, from the one process that runs on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.run_dir = self.data_dir / "run"
        self.logs = self.data_dir / "logs"
        self.first_key_file = self.data_dir / "first-key"
        self._record = self.run_dir / "instance.json"

    @property
    def mark(self) -> str:
        """Tells this system's workers from those of another one on this host, when the two share a database."""
        return hashlib.blake2b(bytes(self.data_dir), digest_size=MARK_BYTES).hexdigest()

    @contextmanager
    def hold(self) -> Iterator[Self]:
        """Be the only one that runs on this folder. The lock goes with its process, so it is never stale."""
        self._make_folders()
        with (self.run_dir / "lock").open("a") as lock:
            if not _try_lock(lock):
                found = self.read()
                by = f" by process {found.pid}" if found else ""
                raise StartFailed(f"{self.data_dir} is in use{by}. Stop that with `vbs down --data {self.data_dir}`.")
            yield self

    @property
    def is_made(self) -> bool:
        """Whether a system has ever used this folder."""
        return self.run_dir.is_dir()

    def check_made(self) -> None:
        """A mistyped folder is told, and not made."""
        if not self.is_made:
            raise StartFailed(f"There is no data in {self.data_dir}; `vbs up --data {self.data_dir}` makes it.")

    def _make_folders(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            # People's prompts and answers are nobody else's business. PostgreSQL's folder closes itself.
            for folder in (self.run_dir, self.logs, self.data_dir / "files"):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StartFailed(
                f"{self.data_dir} can't be used: {error.strerror}. Choose another with --data."
            ) from error

    @property
    def is_held(self) -> bool:
        path = self.run_dir / "lock"
        if not path.exists():
            return False
        with path.open("a") as lock:
            return not _try_lock(lock)

    def read(self) -> Running | None:
        """What the one that runs here now, or ran here last, has noted."""
        if not self._record.exists():
            return None
        noted = json.loads(self._record.read_text())
        noted["processes"] = {name: tuple(at) for name, at in noted["processes"].items()}
        return Running(**noted)

    def running(self) -> Running | None:
        return self.read() if self.is_held else None

    def write(self, running: Running) -> None:
        private_file(self._record, json.dumps(asdict(running), indent=2))

    def forget(self) -> None:
        self._record.unlink(missing_ok=True)

    @property
    def first_key(self) -> str | None:
        return self.first_key_file.read_text().strip() if self.first_key_file.exists() else None


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
