"""One JSON object on each line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson


def encode(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    for record in records:
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
