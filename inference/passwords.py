"""Passwords: kept as a slow hash, and told from any other."""

from functools import cache
from typing import Final

from werkzeug.security import check_password_hash, generate_password_hash

from schemas.errors import RequestInvalid
from schemas.text import is_storable

SHORTEST: Final = 12
LONGEST: Final = 200


def hash_of(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST or not is_storable(password):
        raise RequestInvalid(f"A password has {SHORTEST} to {LONGEST} characters.", param="password")
    return generate_password_hash(password, method="scrypt")


def is_right(password: str, hashed: str | None) -> bool:
    """As slow where there is nobody to compare with: the time must not tell who exists."""
    right = check_password_hash(hashed or _nobodys(), password[: LONGEST + 1])
    return right and hashed is not None


@cache
def _nobodys() -> str:
    return generate_password_hash("", method="scrypt")
