"""PostgreSQL refuses to run as root: as root it runs as a user of its own, in folders which that user can reach.

No mode outside our own folders is changed. A data folder or an installation that the user can't reach, such as one in
root's 0700 home, gets its counterpart under `/var/lib/vbs`.
"""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Final
from uuid import uuid4

from schemas.errors import StartFailed

USER: Final = "vbs-postgres"
HOME: Final = Path("/var/lib/vbs")


def server_user() -> str:
    """The user to run PostgreSQL as; empty when this process may run it itself."""
    if os.geteuid() != 0:
        return ""
    for name in (USER, "nobody"):
        if _exists(name) or (name == USER and _create(name)):
            return name
    return "nobody"


def own(folder: Path, user: str) -> None:
    """A folder that nobody but the server's user looks into."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def place(wanted: Path, user: str) -> Path:
    """Where a folder of the server's user lies, or can lie: as wanted, or in `/var/lib/vbs` with a link to it."""
    if wanted.is_symlink() and not wanted.exists():
        gone = f"{wanted} points to {wanted.readlink()}, which is gone."
        raise StartFailed(f"{gone} Put it back, or remove the link to start empty.")
    if wanted.exists() or not user or is_reachable(wanted.parent):
        return wanted.resolve()
    _make_home()
    return HOME / f"data-{uuid4().hex}"


def reachable_copy(base: Path, folders: list[str], name: str, user: str) -> Path:
    """Where the server's user finds these folders: where they are installed, or else in a copy with the same layout."""
    if not user or all(is_reachable(path) for folder in folders for path in _contents(base / folder)):
        return base
    _make_home()
    copy = HOME / name
    if not copy.exists():
        unfinished = HOME / f"{name}-{uuid4().hex}"
        for folder in folders:
            shutil.copytree(base / folder, unfinished / folder, symlinks=True)
        for path in _contents(unfinished):
            path.chmod(path.stat().st_mode | _reading(path))
        _move_into_place(unfinished, copy)
    return copy


def _contents(folder: Path) -> list[Path]:
    return [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]


def is_reachable(path: Path) -> bool:
    """Whether users who own nothing here can read this path and pass every folder above it."""
    resolved = path.resolve()
    above = all(parent.stat().st_mode & stat.S_IXOTH for parent in resolved.parents)
    return above and resolved.stat().st_mode & _reading(resolved) & 0o007 == _reading(resolved) & 0o007


def _reading(path: Path) -> int:
    mode = path.stat().st_mode
    return 0o555 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o444


def _move_into_place(unfinished: Path, copy: Path) -> None:
    try:
        unfinished.rename(copy)
    except OSError:
        # Somebody else made it in the meantime.
        shutil.rmtree(unfinished)
        if not copy.exists():
            raise


def _make_home() -> None:
    HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    HOME.chmod(0o755)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _create(user: str) -> bool:
    """Some images have no `useradd`, or can't write their list of users."""
    useradd = shutil.which("useradd")
    if useradd is None:
        return False
    command = [useradd, "--system", "--no-create-home", "--home-dir", str(HOME), "--shell", "/usr/sbin/nologin", user]
    subprocess.run(command, check=False, capture_output=True)
    return _exists(user)
