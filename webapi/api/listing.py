"""The envelope of every paged list."""

from collections.abc import Sequence
from typing import Any

from schemas import ids


def listed(items: Sequence[Any], rows: Sequence[Any], prefix: str, has_more: bool) -> dict[str, Any]:
    """Items to show, with the ids of the first and last of the rows they were made from."""
    return {
        "data": items,
        "first_id": ids.show(prefix, rows[0].id) if rows else None,
        "last_id": ids.show(prefix, rows[-1].id) if rows else None,
        "has_more": has_more,
    }
