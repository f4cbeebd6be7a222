from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from inference import files
from schemas import ids
from schemas.errors import ContentGone, CursorUnknown, FileNotFound, PayloadTooLarge
from schemas.settings import settings
from schemas.tables import File
from schemas.tables.base import now

LINES = b'{"custom_id": "1"}\n'


def make(session: Session, tmp_path: Path, content: bytes = LINES, tenant: str = "acme") -> File:
    source = tmp_path / "source"
    source.write_bytes(content)
    with source.open("rb") as stream:
        return files.create(session, tenant, "in.jsonl", "batch", stream)


def stored(data_dir: Path) -> list[str]:
    return [path.name for path in data_dir.rglob("*") if path.is_file()]


def test_a_stream_becomes_a_file(session: Session, tmp_path: Path) -> None:
    file = make(session, tmp_path, LINES * 100_000)
    assert file.bytes == len(LINES) * 100_000
    assert file.location == f"input/{ids.show(ids.FILE, file.id)}.jsonl"
    with files.open_content(file) as content:
        assert content.read() == LINES * 100_000


def test_a_content_that_is_not_registered_is_removed(session: Session, data_dir: Path) -> None:
    with pytest.raises(KeyboardInterrupt), files.incoming() as content:
        content.receive("a", [b"a" * 1000])
        files.register(session, "acme", "batch", content, stored_limit=0)
        raise KeyboardInterrupt
    assert stored(data_dir) == []


def test_a_content_stays_where_nobody_knows_whether_its_commit_got_through(session: Session, data_dir: Path) -> None:
    with pytest.raises(OperationalError), files.incoming() as content:
        content.receive("a", [b"a" * 1000])
        raise OperationalError("COMMIT", None, ConnectionResetError())
    assert stored(data_dir) == [ids.show(ids.FILE, content.id)]


def test_a_content_that_cannot_be_removed_does_not_hide_what_went_wrong(session: Session, data_dir: Path) -> None:
    with pytest.raises(ZeroDivisionError), files.incoming() as content:
        content.receive("a", [b"a" * 1000])
        path = data_dir / "files" / str(content.location)
        path.unlink()
        path.mkdir()
        raise ZeroDivisionError


def test_a_stream_that_breaks_leaves_nothing(session: Session, data_dir: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a" * 1000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError), files.incoming() as content:
        content.receive("a", broken())
    assert stored(data_dir) == []


def test_a_stream_over_the_limit_is_given_up_at_the_limit(session: Session, data_dir: Path) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1000
            yield b"a" * 1000

    with pytest.raises(PayloadTooLarge), files.incoming() as content:
        content.receive("a", endless(), max_bytes=10_000)
    assert taken == 11_000
    assert stored(data_dir) == []


def test_a_cursor_may_be_a_file_that_was_deleted_since(session: Session, tmp_path: Path) -> None:
    made = [make(session, tmp_path) for _ in range(3)]
    files.delete(session, "acme", ids.show(ids.FILE, made[1].id))
    page = files.list_page(session, "acme", after=ids.show(ids.FILE, made[1].id))
    assert [file.id for file in page.items] == [made[0].id]


def test_a_cursor_of_another_tenant_is_unknown(session: Session, tmp_path: Path) -> None:
    other = make(session, tmp_path, tenant="other")
    with pytest.raises(CursorUnknown):
        files.list_page(session, "acme", after=ids.show(ids.FILE, other.id))


def test_a_deleted_file_keeps_its_row_for_old_batches(session: Session, tmp_path: Path, data_dir: Path) -> None:
    file = make(session, tmp_path)
    files.remove_content(session, files.delete(session, "acme", ids.show(ids.FILE, file.id)))
    session.commit()
    assert stored(data_dir) == []
    (row,) = session.scalars(select(File)).all()
    assert row.deleted_at is not None
    assert row.purged_at is not None
    with pytest.raises(FileNotFound):
        files.get(session, "acme", ids.show(ids.FILE, file.id))


def test_a_purged_file_has_no_content(session: Session, tmp_path: Path) -> None:
    file = make(session, tmp_path)
    file.purged_at = now()
    with pytest.raises(ContentGone):
        files.open_content(file)


def test_a_file_can_be_as_large_as_the_settings_say(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBS_MAX_FILE_BYTES", str(len(LINES)))
    settings.cache_clear()
    assert make(session, tmp_path).bytes == len(LINES)
    with pytest.raises(PayloadTooLarge):
        make(session, tmp_path, LINES + b"x")
