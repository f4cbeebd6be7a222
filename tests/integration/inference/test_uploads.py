from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from inference import files, retention, uploads
from schemas import ids
from schemas.database import engine, session_scope
from schemas.errors import Conflict, MoveNotAllowed, PayloadTooLarge
from schemas.settings import settings
from schemas.states import UploadStatus
from schemas.tables import Upload, UploadPart
from schemas.tables.base import now


def begin(session: Session, size: int = 6) -> str:
    upload = uploads.create(
        session, "acme", filename="a.jsonl", purpose="batch", mime_type="text/plain", total_bytes=size
    )
    session.commit()
    return ids.show(ids.UPLOAD, upload.id)


def add(session: Session, upload_id: str, data: bytes) -> str:
    with files.incoming("parts", ids.PART) as content:
        content.receive("part", [data])
        part = uploads.add_part(session, "acme", upload_id, content)
        session.commit()
    return ids.show(ids.PART, part.id)


def stored(data_dir: Path, folder: str) -> list[str]:
    return [path.name for path in data_dir.rglob(f"{folder}/*")]


def test_of_two_completions_at_once_one_makes_the_file(session: Session, data_dir: Path) -> None:
    upload_id = begin(session)
    parts = [add(session, upload_id, b"abc"), add(session, upload_id, b"def")]
    planned = uploads.plan(session, "acme", upload_id, parts)
    session.commit()
    with files.incoming() as first:
        uploads.assemble(planned, first, None)
        with Session(engine()) as other, pytest.raises(MoveNotAllowed), files.incoming() as second:
            uploads.assemble(planned, second, None)
            uploads.complete(session, "acme", upload_id, first, stored_limit=0)
            session.commit()
            uploads.complete(other, "acme", upload_id, second, stored_limit=0)
    assert len(stored(data_dir, "input")) == 1


def test_a_completion_that_loses_its_parts_to_another_is_a_conflict(session: Session, data_dir: Path) -> None:
    upload_id = begin(session)
    planned = uploads.plan(session, "acme", upload_id, [add(session, upload_id, b"abcdef")])
    session.commit()
    with files.incoming() as first:
        uploads.assemble(planned, first, None)
        upload, _ = uploads.complete(session, "acme", upload_id, first, stored_limit=0)
        session.commit()
    uploads.discard_parts(session, upload)
    session.commit()
    with pytest.raises(Conflict), files.incoming() as second:
        uploads.assemble(planned, second, None)
    assert len(stored(data_dir, "input")) == 1


def test_an_upload_that_nobody_completes_expires_and_its_parts_are_purged(session: Session, data_dir: Path) -> None:
    late, fresh = begin(session), begin(session)
    add(session, late, b"abc")
    kept = add(session, fresh, b"abc")
    for upload in session.scalars(select(Upload)).all():
        if ids.show(ids.UPLOAD, upload.id) == late:
            upload.expires_at = now() - timedelta(seconds=1)
    session.commit()
    assert [upload.status for upload in uploads.expire_due(session, now())] == [UploadStatus.EXPIRED]
    session.commit()
    assert uploads.expire_due(session, now()) == []
    assert retention.purge_parts(session_scope).gone == 1
    assert stored(data_dir, "parts") == [kept]
    assert [ids.show(ids.PART, part.id) for part in session.scalars(select(UploadPart)).all()] == [kept]


def test_an_upload_can_be_as_large_as_the_settings_say(session: Session) -> None:
    begin(session, settings().max_file_bytes)
    with pytest.raises(PayloadTooLarge):
        begin(session, settings().max_file_bytes + 1)
