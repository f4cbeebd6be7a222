"""What killed processes leave in the file store. Time is a parameter: a purge as it would run a day from now."""

import io
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from inference import api_keys, files, uploads
from inference.backup.contents import Contents
from inference.file_store import Removal, file_store
from inference.strays import FOLDERS, remove_strays
from schemas import ids
from schemas.database import session_scope
from schemas.settings import settings
from schemas.states import Role
from schemas.tables import ApiKey, File
from schemas.tables.base import now

WRITE_AND_DIE = """
import os, signal
from inference import files
from inference.file_store import file_store

with files.incoming() as content:
    content.receive("whole.jsonl", [b"whole"])
    with file_store().create("output/batch_" + content.id.hex + ".jsonl") as stream:
        stream.write(b"half")
        stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def first_key(database_url: str) -> None:
    """With its first key a database begins to know of contents."""
    with session_scope() as session:
        api_keys.create(session, "acme", Role.USER)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, first_key: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A local folder, and a remote store as fsspec shows one."""
    if request.param == "memory":
        monkeypatch.setenv("VBS_FILE_STORE", f"memory://{ids.new_id().hex}")
        settings.cache_clear()
        file_store.cache_clear()


def leave(location: str) -> str:
    with file_store().create(location) as stream:
        stream.write(b"left")
    return location


def new_name(prefix: str) -> str:
    return ids.show(prefix, ids.new_id())


def contents() -> set[str]:
    later = now() + timedelta(days=1)
    return {location for folder in FOLDERS for location in file_store().written_before(folder, later)}


def remove_after(**time: float) -> Removal:
    return remove_strays(session_scope, now() + timedelta(**time))


def test_what_a_killed_process_has_left_goes_when_it_is_a_day_old() -> None:
    assert subprocess.run([sys.executable, "-c", WRITE_AND_DIE], check=False).returncode == -9
    whole, half = sorted(contents(), key=len)
    assert whole.startswith("input/file-")
    assert half.startswith("output/.batch_")
    assert remove_after(hours=23) == Removal()
    assert len(contents()) == 2
    assert remove_after(hours=25) == Removal(gone=2)
    assert contents() == set()
    assert remove_after(hours=25) == Removal()


def test_what_a_row_tells_of_stays_however_old_it_is(store: None) -> None:
    with session_scope() as session:
        file = files.create(session, "acme", "a.jsonl", "batch", io.BytesIO(b"content"))
        upload = uploads.create(session, "acme", filename="a", purpose="batch", mime_type="text/plain", total_bytes=4)
        session.flush()
        with files.incoming("parts", ids.PART) as content:
            content.receive("part", [b"part"])
            part = uploads.add_part(session, "acme", ids.show(ids.UPLOAD, upload.id), content)
    known = {file.location, part.location}
    strays = {
        leave(f"input/{new_name(ids.FILE)}.jsonl"),
        leave(f"input/{new_name(ids.FILE)}"),
        leave(f"parts/{new_name(ids.PART)}"),
        leave(f"failed/{new_name(ids.BATCH)}.jsonl"),
        leave(f".health/{ids.new_id().hex}"),
    }
    assert contents() == known | strays
    assert remove_after(days=100) == Removal(gone=5)
    assert contents() == known


def test_what_does_not_bear_one_of_our_names_is_none_of_ours(store: None) -> None:
    foreign = {leave("input/notes.txt"), leave("output/batch_1.jsonl"), leave(f"input/{new_name(ids.FILE)}.csv")}
    assert remove_after(days=100) == Removal()
    assert contents() == foreign


def test_a_new_database_on_an_old_store_leaves_alone_what_was_there_before(store: None) -> None:
    older = leave(f"input/{new_name(ids.FILE)}.jsonl")
    with session_scope() as session:
        session.execute(update(ApiKey).values(created_at=now()))
    leave(f"input/{new_name(ids.FILE)}.jsonl")
    assert remove_after(days=100) == Removal(gone=1)
    assert contents() == {older}
    with session_scope() as session:
        session.query(ApiKey).delete()
    assert remove_after(days=100) == Removal()


def test_a_restored_database_leaves_alone_what_was_made_before_its_restore(store: None) -> None:
    older = leave(f"input/{new_name(ids.FILE)}.jsonl")
    # An id tells its moment to the millisecond.
    time.sleep(0.002)
    Contents(file_store()).note_restore()
    leave(f"input/{new_name(ids.FILE)}.jsonl")
    assert remove_after(days=100) == Removal(gone=1)
    assert contents() == {older}


def test_a_content_that_is_left_though_its_file_was_purged_goes(store: None) -> None:
    with session_scope() as session:
        file = files.create(session, "acme", "a.jsonl", "batch", io.BytesIO(b"content"))
        session.execute(update(File).values(purged_at=now()))
    assert remove_after(days=2) == Removal(gone=1)
    assert file.location not in contents()


def test_one_that_cannot_be_removed_does_not_keep_the_others() -> None:
    stuck = f"input/{new_name(ids.FILE)}.jsonl"
    (settings().data_dir / "files" / stuck).mkdir(parents=True)
    leave(f"input/{new_name(ids.FILE)}.jsonl")
    assert remove_after(days=2) == Removal(gone=1, stuck=1)
    assert contents() == {stuck}
