"""What a backup says of itself: at its head what it is, at its end what is in it."""

from dataclasses import asdict, dataclass, field
from typing import Final

import orjson

from schemas.errors import ArchiveInvalid

# To be raised by whoever changes the shape of a backup. What is in its tables has the migrations' revision.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Extent:
    """Of one entry. In a table each line is a row."""

    bytes: int
    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    format: int
    # Of the program, and of its tables.
    version: str
    revision: str
    taken_at: str
    # About what is to come, for those who watch.
    estimated_bytes: int
    # Every table with its columns; a table comes after those that it refers to.
    tables: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Manifest:
    head: Head
    entries: dict[str, Extent] = field(default_factory=dict)
    # Contents that the tables name, and that were gone when it was their turn.
    missing: list[str] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(name.startswith(f"{kind}/") for name in self.entries)

    @property
    def rows(self) -> int:
        return sum(extent.lines for name, extent in self.entries.items() if name.startswith("tables/"))

    @property
    def bytes(self) -> int:
        return sum(extent.bytes for extent in self.entries.values())


def as_json(said: Head | Manifest) -> bytes:
    return orjson.dumps(asdict(said), option=orjson.OPT_INDENT_2)


def read_head(text: bytes) -> Head:
    try:
        said = orjson.loads(text)
        # Of another format nothing else can be relied on.
        if said["format"] != FORMAT:
            raise ArchiveInvalid(f"This backup has format {said['format']}, and this program reads format {FORMAT}.")
        return Head(**said)
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveInvalid("This is no backup, or its head is damaged.") from error


def read_manifest(text: bytes) -> Manifest:
    try:
        said = orjson.loads(text)
        entries = {name: Extent(**extent) for name, extent in said["entries"].items()}
        return Manifest(Head(**said["head"]), entries, said["missing"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArchiveInvalid("The backup is damaged: its list of contents can't be read.") from error
