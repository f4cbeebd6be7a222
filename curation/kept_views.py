"""A view as a row keeps it, for a task that looks at the examples later."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from curation.views import Range, View


def kept(view: View) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(orjson.dumps(asdict(view)))
    return found


def read(filters: Mapping[str, Any]) -> View:
    since, split, found = filters["changed_since"], filters.get("split"), filters.get("found")
    read_again = {
        "changed_since": since and datetime.fromisoformat(since),
        "split": split and UUID(split),
        "found": None if found is None else tuple(map(UUID, found)),
        "ranges": {path: Range(**limits) for path, limits in filters["ranges"].items()},
    }
    return View(**{**filters, **read_again})
