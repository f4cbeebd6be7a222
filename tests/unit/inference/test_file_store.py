import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inference.file_store import FileStore
from schemas.errors import ContentGone


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """A local folder, and a remote store as fsspec shows one."""
    return FileStore(str(tmp_path) if request.param == "folder" else f"memory://{tmp_path.name}")


def test_a_content_appears_whole_when_it_is_complete(store: FileStore) -> None:
    with store.create("input/a.jsonl") as stream:
        stream.write(b"one\n")
    with store.open("input/a.jsonl") as content:
        assert content.read() == b"one\n"


def test_a_content_that_fails_on_the_way_never_appears(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path))
    with pytest.raises(ZeroDivisionError), store.create("input/a.jsonl") as stream:
        stream.write(b"half")
        raise ZeroDivisionError
    with pytest.raises(ContentGone):
        store.open("input/a.jsonl")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_content_is_replaced_in_one_step(store: FileStore) -> None:
    for text in (b"first", b"second"):
        with store.create("output/a.jsonl") as stream:
            stream.write(text)
    with store.open("output/a.jsonl") as content:
        assert content.read() == b"second"


def test_removing_twice_is_no_error(store: FileStore) -> None:
    with store.create("a") as stream:
        stream.write(b"x")
    assert store.remove("a")
    assert store.remove("a")
    with pytest.raises(ContentGone):
        store.open("a")


def test_what_cannot_be_removed_is_told_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    # A folder in the content's place can't be removed as a file, by no user.
    (tmp_path / "a").mkdir()
    assert not FileStore(str(tmp_path)).remove("a")
    assert "a can't be removed" in caplog.text


def test_the_contents_of_a_folder_are_told_apart_by_their_age(store: FileStore) -> None:
    before = datetime.now(UTC)
    for location in ("input/a.jsonl", "input/b", "output/c.jsonl"):
        with store.create(location) as stream:
            stream.write(b"x")
    after = datetime.now(UTC) + timedelta(seconds=1)
    assert sorted(store.written_before("input", after)) == ["input/a.jsonl", "input/b"]
    assert list(store.written_before("input", before - timedelta(seconds=1))) == []
    assert list(store.written_before("nothing", after)) == []


def test_a_half_written_content_is_listed_too(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path))
    with store.create("input/a.jsonl"):
        [half] = store.written_before("input", datetime.now(UTC) + timedelta(seconds=1))
    assert half.startswith("input/.a.jsonl.")


def test_a_folder_of_very_many_contents_is_listed_without_holding_it(tmp_path: Path) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    for number in range(20_000):
        (folder / f"file-{number:032}.jsonl").touch()
    listed = FileStore(str(tmp_path)).written_before("input", datetime.now(UTC) + timedelta(seconds=1))
    tracemalloc.start()
    assert sum(1 for _ in listed) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
