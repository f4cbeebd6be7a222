"""The names that people give to what they make here."""

from schemas.errors import RequestInvalid
from schemas.limits import LONGEST_NAME
from schemas.text import is_storable, storable


def checked(name: str, what: str) -> str:
    """Without the space around it."""
    if not name.strip() or len(name) > LONGEST_NAME or not is_storable(name):
        raise RequestInvalid(f"A {what}'s name has 1 to {LONGEST_NAME} characters.", param="name")
    return name.strip()


def shortened(name: str) -> str:
    """Something that is to be a name, as far as it fits."""
    return storable(name).strip()[:LONGEST_NAME].strip()
