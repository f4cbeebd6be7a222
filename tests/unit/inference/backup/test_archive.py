import gzip
import io
import random
import tarfile
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from inference.backup.archive import LIST_BYTES, PART_BYTES, ArchiveReader, ArchiveWriter
from inference.backup.manifest import FORMAT, Extent, Head, Manifest
from schemas.errors import ArchiveInvalid
from tests.backups import Unwatched

THIS_HEAD = Head(FORMAT, "0.1.0", "0001", "2026-01-01T00:00:00+00:00", 1000, {"batches": ["id", "tenant"]})
ENTRIES = {"tables/batches": b"1\tacme\n2\tacme\n", "contents/input/file-1.jsonl": b"{}\n", "keys/first-key": b""}


class Watcher(Unwatched):
    def __init__(self) -> None:
        self.expected = self.seen = 0

    def expect(self, total_bytes: int) -> None:
        self.expected = total_bytes

    def advance(self, more_bytes: int) -> None:
        self.seen += more_bytes


def archive(
    entries: dict[str, bytes] = ENTRIES,
    *,
    head: Head = THIS_HEAD,
    end: Head | None = None,
    listed: dict[str, Extent] | None = None,
    missing: Sequence[str] = (),
) -> bytes:
    """A backup of these entries, which may say something else of itself."""
    stream = io.BytesIO()
    writer = ArchiveWriter(stream, Unwatched())
    writer.begin(head)
    found = {name: writer.add(name, [content]) for name, content in entries.items()}
    writer.finish(Manifest(end or head, found if listed is None else listed, list(missing)))
    return stream.getvalue()


def read(content: bytes) -> tuple[dict[str, bytes], Manifest]:
    found = {}

    def take(kind: str, name: str, blocks: Iterator[bytes]) -> None:
        found[f"{kind}/{name}"] = b"".join(blocks)

    manifest = ArchiveReader(io.BytesIO(content), Unwatched()).read(take)
    return found, manifest


def with_member(member: tarfile.TarInfo) -> bytes:
    """The head of a backup, and then this."""
    stream = io.BytesIO()
    ArchiveWriter(stream, Unwatched()).begin(THIS_HEAD)
    with tarfile.TarFile(fileobj=stream, mode="w") as tar:
        tar.addfile(member)
    return stream.getvalue()


def test_what_goes_in_comes_out_in_order_with_its_bytes_and_lines() -> None:
    found, manifest = read(archive())
    assert list(found.items()) == list(ENTRIES.items())
    assert manifest.rows == 2
    assert (manifest.count("contents"), manifest.count("keys")) == (1, 1)


def test_an_entry_of_many_parts_is_one_entry() -> None:
    content = random.Random(1).randbytes(2 * PART_BYTES + 1)
    found, _ = read(archive({"contents/output/large": content}))
    assert found == {"contents/output/large": content}


def test_memory_does_not_grow_with_an_entry() -> None:
    class Sink(io.RawIOBase):
        def write(self, block: Any) -> int:
            return len(block)

        def tell(self) -> int:
            return 0

    writer = ArchiveWriter(Sink(), Unwatched())  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        writer.add("tables/requests", (b"x" * 65_536 for _ in range(3200)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * PART_BYTES


def test_whoever_watches_hears_of_every_byte() -> None:
    watcher = Watcher()
    ArchiveReader(io.BytesIO(archive()), watcher).read(lambda *_: None)
    assert watcher.expected == THIS_HEAD.estimated_bytes
    assert watcher.seen == sum(map(len, ENTRIES.values()))


def test_an_archive_that_is_cut_off_anywhere_is_refused() -> None:
    whole = archive()
    end = len(whole.rstrip(b"\0"))
    for length in range(0, end, 61):
        with pytest.raises(ArchiveInvalid):
            read(whole[:length])


def test_a_flipped_byte_is_found_or_changes_nothing() -> None:
    whole = archive()
    original, chance = read(whole), random.Random(7)
    found = 0
    for _ in range(1500):
        place = chance.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        try:
            assert read(bytes(damaged)) == original
        except ArchiveInvalid:
            found += 1
    assert found > 100


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "contents/../../etc/passwd", "contents//a", "contents/./a", "contents/.ssh/a", "contents/a\\b"],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ArchiveInvalid, match="No backup has a member like"):
        read(with_member(tarfile.TarInfo(f"{name}.part-000000")))


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.DIRTYPE,
        tarfile.CHRTYPE,
        tarfile.FIFOTYPE,
        tarfile.GNUTYPE_SPARSE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.XHDTYPE,
    ],
)
def test_only_plain_files_are_taken(kind: bytes) -> None:
    member = tarfile.TarInfo("contents/a.part-000000")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(ArchiveInvalid, match="No backup has a member like"):
        read(with_member(member))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("head.json.part-000001", tarfile.REGTYPE),
        ("manifest.json.part-000000", tarfile.REGTYPE),
        ("contents/a.part-000000", tarfile.XHDTYPE),
    ],
)
def test_a_small_file_of_zeros_without_end_does_not_fill_memory(name: str, kind: bytes) -> None:
    compressed = io.BytesIO()
    with gzip.GzipFile(fileobj=compressed, mode="wb", compresslevel=1) as stream:
        ArchiveWriter(stream, Unwatched()).begin(THIS_HEAD)
        member = tarfile.TarInfo(name)
        member.type, member.size = kind, 4 * LIST_BYTES
        stream.write(member.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(4 * LIST_BYTES // PART_BYTES):
            stream.write(bytes(PART_BYTES))
    compressed.seek(0)
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveInvalid, match=r"larger|like"):
            ArchiveReader(gzip.GzipFile(fileobj=compressed), Unwatched()).read(lambda *_: None)  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * LIST_BYTES


def test_a_checksum_that_is_wrong_names_its_entry() -> None:
    _, manifest = read(archive())
    listed = manifest.entries | {"tables/batches": replace(manifest.entries["tables/batches"], sha256="0" * 64)}
    with pytest.raises(ArchiveInvalid, match="the checksum of tables/batches is wrong"):
        read(archive(listed=listed))


def test_an_entry_that_is_listed_and_not_there_is_missed() -> None:
    _, manifest = read(archive())
    with pytest.raises(ArchiveInvalid, match="keys/first-key is missing"):
        read(archive({name: ENTRIES[name] for name in list(ENTRIES)[:2]}, listed=manifest.entries))


def test_an_entry_that_is_there_and_not_listed_is_refused() -> None:
    with pytest.raises(ArchiveInvalid, match="is not in its list"):
        read(archive(listed={}))


def test_a_content_that_vanished_while_it_was_read_leaves_its_beginning_and_no_error() -> None:
    content = {"contents/input/a": b"begun"}
    assert read(archive(content, listed={}, missing=["input/a"]))[0] == content


def test_a_head_and_an_end_of_two_backups_are_no_backup() -> None:
    with pytest.raises(ArchiveInvalid, match="not of one backup"):
        read(archive(head=replace(THIS_HEAD, revision="0002"), end=THIS_HEAD))


def test_a_format_of_later_days_is_named() -> None:
    with pytest.raises(ArchiveInvalid, match="format 2, and this program reads format 1"):
        read(archive(head=replace(THIS_HEAD, format=FORMAT + 1)))


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100, b"\0" * 20_480])
def test_what_is_no_archive_is_told(content: bytes) -> None:
    with pytest.raises(ArchiveInvalid, match="no backup"):
        read(content)
