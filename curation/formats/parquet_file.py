"""Apache Parquet, for whatever reads columns, a group of rows at a time."""

import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

ROWS_IN_GROUP: Final = 5000
BYTES_IN_GROUP: Final = 16 * 1024**2

Record = Mapping[str, Any]


def encode(records: Iterable[Record]) -> Iterator[bytes]:
    # Here, and not above: only who writes such a file needs the library, and it takes more memory than the rest of us.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    schema = pa.schema([
        *((name, pa.string()) for name in ("id", "custom_id", "model", "status", "category", "notes")),
        ("version", pa.int32()),
        ("score", pa.float64()),
        *((name, pa.bool_()) for name in ("gold", "edited")),
        ("tags", pa.list_(pa.string())),
        *((name, pa.string()) for name in ("system", "input", "output", "model_output")),
    ])  # fmt: skip
    buffer = io.BytesIO()
    with parquet.ParquetWriter(buffer, schema, compression="zstd") as writer:
        for group in _groups(iter(records)):
            writer.write_table(pa.Table.from_pylist(group, schema))
            yield _taken(buffer)
    yield _taken(buffer)


def _groups(records: Iterator[Record]) -> Iterator[list[Record]]:
    """As many rows as fit: a few long answers may be as large as thousands of short ones."""
    while group := list(islice(records, 1)):
        size = _size(group[0])
        while len(group) < ROWS_IN_GROUP and size < BYTES_IN_GROUP and (more := next(records, None)) is not None:
            group.append(more)
            size += _size(more)
        yield group


def _size(record: Record) -> int:
    return sum(len(value) for value in record.values() if isinstance(value, str))


def _taken(buffer: io.BytesIO) -> bytes:
    """What was written since the last time. The library counts for itself how far it is."""
    written = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return written
