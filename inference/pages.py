"""Reading many rows a page at a time, whatever their size: strangers decide how long a line is."""

from typing import Final

ROWS: Final = 1000
BYTES: Final = 16 * 1024**2


def page_query(columns: str, source: str, order: str, sized: str) -> str:
    """The first rows of a source in this order: `:rows` at most, no more once they hold `:bytes`, but one at least.

    PostgreSQL knows lengths without reading what is stored out of line.
    """
    return f"""
        SELECT {columns} FROM (
            SELECT *, sum(octet_length({sized})) OVER (ORDER BY {order}) - octet_length({sized}) AS bytes_before
            FROM (SELECT {columns} {source} ORDER BY {order} LIMIT :rows) AS next
        ) AS page WHERE bytes_before < :bytes ORDER BY {order}
    """
