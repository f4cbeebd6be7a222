"""Reading many rows a page at a time, whatever their size: strangers decide how long a line is."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

ROWS: Final = 1000
BYTES: Final = 16 * 1024**2


def page_query(columns: str, source: str, order: str, sized: str) -> str:
    """The first rows of a source in this order: `:rows` at most, no more once they hold `:bytes`, but one at least.

    PostgreSQL knows lengths without reading what is stored out of line.
    """
    size = " + ".join(f"octet_length({name})" for name in sized.split(", "))
    return f"""
        SELECT {columns} FROM (
            SELECT *, sum({size}) OVER (ORDER BY {order}) - ({size}) AS bytes_before
            FROM (SELECT {columns} {source} ORDER BY {order} LIMIT :rows) AS next
        ) AS page WHERE bytes_before < :bytes ORDER BY {order}
    """


def count_that_fit(sizes: Sequence[int]) -> int:
    """How many of the first of things of these sizes can be held at once: as in a page, one at least."""
    return bisect_left([*accumulate(sizes)], BYTES) + 1
