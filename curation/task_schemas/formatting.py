"""JSON as people write it: what fits on a line stands on one. Pure."""

import json
from typing import Final

WIDTH: Final = 118


def formatted(value: object, indent: int = 0) -> str:
    """Of a document that is within its bounds: how deep it is nested is how deep this goes."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        entries = [f"{json.dumps(name, ensure_ascii=False)}: {formatted(one, inner)}" for name, one in value.items()]
        return _around("{", entries, "}", indent)
    return _around("[", [formatted(one, inner) for one in value], "]", indent)


def _around(begin: str, entries: list[str], end: str, indent: int) -> str:
    space = "\n" + " " * indent
    return f"{begin}{space}  {f',{space}  '.join(entries)}{space}{end}"
