"""The secret that session cookies are signed with: made at the first start, kept in the data folder."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

FILE_NAME: Final = "ui-session.key"


def session_key(data_dir: Path) -> bytes:
    """Every process of one installation gets the same, also when they all start at once."""
    path = data_dir / FILE_NAME
    if not path.exists():
        _make(path)
    return path.read_bytes()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(secrets.token_bytes(32))
    try:
        # A link appears whole or not at all, and only for the first process.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def cookie_name(key: bytes) -> str:
    return f"vbs_{hashlib.sha256(key).hexdigest()[:8]}"
