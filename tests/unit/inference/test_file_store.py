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
    store.remove("a")
    store.remove("a")
    with pytest.raises(ContentGone):
        store.open("a")
