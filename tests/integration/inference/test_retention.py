"""Retention, with time as a parameter: a purge as it would run some days from now."""

import io
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from inference import batches, files, finaliser, results, retention, uploads
from inference.file_store import Removal
from inference.retention import Purged, purge
from schemas import ids
from schemas.database import session_scope
from schemas.errors import ContentGone, PurgeIncomplete
from schemas.tables import Batch, Chunk, Event, File, IdempotencyKey, Request, Result, Upload, UploadPart
from schemas.tables.base import now
from tasks import schedule
from tests.integration.inference.batch_fixtures import as_jsonl, batch, chat_line, submit, worker

pytestmark = pytest.mark.usefixtures("database_url")

NOTHING = Purged(files=0, uploads=0, requests=0, results=0)


def purge_after(**time: float) -> Purged:
    return purge(session_scope, now() + timedelta(**time))


def ended_batch(count: int = 3) -> UUID:
    """A batch with an output file and an error file."""
    lines = [chat_line(f"c-{n}") for n in range(count - 1)]
    batch_id = submit(as_jsonl([*lines, chat_line("too-long", "word " * 400)]))
    with worker(max_tokens="100") as gpu:
        gpu.work()
    finaliser.finalise(batch_id)
    return batch_id


def upload_file(purpose: str = "batch", expires_after_seconds: int | None = None) -> UUID:
    with session_scope() as session:
        stream = io.BytesIO(b"some content")
        return files.create(session, "acme", "a.jsonl", purpose, stream, expires_after_seconds).id


def file(file_id: UUID | None) -> File:
    with session_scope() as session:
        return session.get_one(File, file_id)


def rows(table: type) -> int:
    with session_scope() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def contents(data_dir: Path, folder: str) -> Sequence[Path]:
    return [path for path in (data_dir / "files" / folder).rglob("*") if path.is_file()]


def test_nothing_is_removed_before_its_time(data_dir: Path) -> None:
    ended_batch()
    assert purge_after(days=6.9) == NOTHING
    assert (rows(Request), rows(Result)) == (3, 3)
    assert len(contents(data_dir, "")) == 3


def test_inputs_and_requests_go_after_7_days_and_results_stay(data_dir: Path) -> None:
    batch_id = ended_batch()
    assert purge_after(days=7.1) == Purged(files=1, uploads=0, requests=3, results=0)
    assert contents(data_dir, "input") == []
    ended = batch(batch_id)
    assert file(ended.input_file_id).purged_at is not None
    assert ended.requests_purged_at is not None
    assert ended.results_purged_at is None
    assert (len(contents(data_dir, "output")), len(contents(data_dir, "failed"))) == (1, 1)


def test_outputs_failed_files_and_results_go_after_30_days_and_what_happened_stays_known(data_dir: Path) -> None:
    batch_id = ended_batch()
    assert purge_after(days=30.1) == Purged(files=3, uploads=0, requests=3, results=3)
    assert contents(data_dir, "") == []
    ended = batch(batch_id)
    assert (ended.status, ended.completed, ended.failed) == ("completed", 2, 1)
    assert [rows(table) for table in (Batch, File, Chunk, Event, Request, Result)] == [1, 3, 1, 1, 0, 0]
    with session_scope() as session, pytest.raises(ContentGone):
        results.stream(session, ended, 0, session_scope)
    with pytest.raises(ContentGone):
        files.open_content(file(ended.output_file_id))


def test_a_second_purge_finds_nothing_to_do() -> None:
    ended_batch()
    purge_after(days=40)
    assert purge_after(days=40) == NOTHING


def test_the_input_of_a_live_batch_stays_however_old_it_is(data_dir: Path) -> None:
    batch_id = submit(as_jsonl([chat_line("c-1")]))
    assert purge_after(days=20) == NOTHING
    assert rows(Request) == 1
    with session_scope() as session:
        session.get_one(Batch, batch_id).ended_at = now()
    assert purge_after(days=20) == Purged(files=1, uploads=0, requests=1, results=0)


def test_a_file_that_is_asked_to_expire_goes_at_its_own_time() -> None:
    soon, later = upload_file(expires_after_seconds=3600), upload_file()
    purge_after(hours=1.1)
    assert file(soon).purged_at is not None
    assert file(later).purged_at is None


def test_a_file_that_was_promised_a_longer_time_outlives_the_retention_of_the_settings() -> None:
    promised = upload_file(expires_after_seconds=20 * 86_400)
    purge_after(days=10)
    assert file(promised).purged_at is None
    purge_after(days=21)
    assert file(promised).purged_at is not None


def test_a_file_for_something_other_than_batches_stays_unless_its_owner_said_otherwise() -> None:
    training, expiring = upload_file("fine-tune"), upload_file("fine-tune", expires_after_seconds=3600)
    purge_after(days=400)
    assert file(training).purged_at is None
    assert file(expiring).purged_at is not None


def test_a_deleted_file_takes_its_content_and_the_requests_of_its_ended_batches_along() -> None:
    batch_id = ended_batch()
    with session_scope() as session:
        files.delete(session, "acme", ids.show(ids.FILE, batch(batch_id).input_file_id))
    assert purge_after(hours=1) == Purged(files=1, uploads=0, requests=3, results=0)


def test_results_go_early_when_all_their_files_are_deleted() -> None:
    batch_id = ended_batch()
    ended = batch(batch_id)
    for file_id, gone in ((ended.output_file_id, 0), (ended.error_file_id, 3)):
        assert file_id is not None
        with session_scope() as session:
            files.delete(session, "acme", ids.show(ids.FILE, file_id))
        assert purge_after(hours=1).results == gone


def test_a_large_batch_is_removed_slice_by_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = submit(as_jsonl([chat_line("c-1")]))
    with session_scope() as session:
        session.execute(
            Result.__table__.insert(),  # type: ignore[attr-defined]
            [{"batch_id": batch_id, "line": n, "succeeded": True, "answer": "{}"} for n in range(1, 12_346)],
        )
        session.get_one(Batch, batch_id).ended_at = now()
    assert purge_after(days=31).results == 12_345
    assert rows(Result) == 0


def test_uploads_expire_with_their_parts(data_dir: Path) -> None:
    with session_scope() as session:
        upload = uploads.create(session, "acme", filename="a", purpose="batch", mime_type="text/plain", total_bytes=3)
    with session_scope() as session, files.incoming("parts", ids.PART) as content:
        content.receive("part", [b"abc"])
        uploads.add_part(session, "acme", ids.show(ids.UPLOAD, upload.id), content)
    assert purge_after(minutes=59) == NOTHING
    assert len(contents(data_dir, "parts")) == 1
    assert purge_after(minutes=61).uploads == 1
    assert (contents(data_dir, "parts"), rows(UploadPart), rows(Upload)) == ([], 0, 1)


def test_old_idempotency_keys_are_forgotten() -> None:
    with session_scope() as session:
        file_id = ids.show(ids.FILE, files.create(session, "acme", "a", "batch", io.BytesIO(b"{}\n")).id)
        new = batches.NewBatch("acme", None, file_id, "/v1/chat/completions", "24h", idempotency_key="once")
        batches.create(session, new)
    purge_after(hours=47)
    assert rows(IdempotencyKey) == 1
    purge_after(hours=49)
    assert rows(IdempotencyKey) == 0


def test_a_content_that_cannot_be_removed_does_not_keep_the_others(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, other = upload_file(), upload_file()
    # A folder in the file's place can't be removed as a file, by no user.
    path = data_dir / "files" / file(stuck).location
    path.unlink()
    path.mkdir()
    assert purge_after(days=8) == Purged(files=1, uploads=0, requests=0, results=0, stuck=1)
    assert (file(stuck).purged_at, contents(data_dir, "input")) == (None, [])
    assert file(other).purged_at is not None
    assert f"{file(stuck).location} can't be removed" in caplog.text
    os.rmdir(path)
    assert purge_after(days=8).files == 1


def test_a_part_that_cannot_be_removed_stays_with_its_row_until_it_can(data_dir: Path) -> None:
    with session_scope() as session:
        upload = uploads.create(session, "acme", filename="a", purpose="batch", mime_type="text/plain", total_bytes=3)
    for data in (b"a", b"b", b"c"):
        with session_scope() as session, files.incoming("parts", ids.PART) as content:
            content.receive("part", [data])
            uploads.add_part(session, "acme", ids.show(ids.UPLOAD, upload.id), content)
    stuck, *_ = contents(data_dir, "parts")
    stuck.unlink()
    stuck.mkdir()
    old = upload_file()
    assert purge_after(days=8) == Purged(files=1, uploads=1, requests=0, results=0, stuck=1)
    assert (contents(data_dir, "parts"), rows(UploadPart)) == ([], 1)
    assert file(old).purged_at is not None
    stuck.rmdir()
    assert purge_after(days=8) == NOTHING
    assert rows(UploadPart) == 0


def test_a_purge_that_could_not_remove_something_is_seen_as_a_failed_task(data_dir: Path) -> None:
    file_id = upload_file()
    with session_scope() as session:
        files.delete(session, "acme", ids.show(ids.FILE, file_id))
    path = data_dir / "files" / file(file_id).location
    path.unlink()
    path.mkdir()
    with pytest.raises(PurgeIncomplete, match="1 contents can't be removed"):
        schedule.purge()
    path.rmdir()
    schedule.purge()


def test_two_purges_at_once_do_not_wait_for_each_other() -> None:
    upload_file()
    with session_scope() as session:
        session.scalars(select(File).with_for_update()).all()
        assert retention.purge_files(session_scope, now() + timedelta(days=8)) == Removal()
    assert purge_after(days=8).files == 1
