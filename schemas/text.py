"""Which text PostgreSQL can keep: neither NUL nor half of a surrogate pair."""

import re
from typing import Final

UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
REPLACEMENT: Final = "\ufffd"


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    return UNSTORABLE.sub(REPLACEMENT, text)
