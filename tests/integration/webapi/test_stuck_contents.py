"""A content that can't be removed is retention's concern, not the caller's."""

from pathlib import Path

import pytest
from openai import OpenAI
from sqlalchemy.orm import Session

from schemas.tables import File, UploadPart


def get_stuck(path: Path) -> None:
    """A folder in its place can't be removed as a file, by no user."""
    path.unlink()
    path.mkdir()


def test_a_deleted_file_is_gone_for_its_owner_and_left_to_retention(
    client: OpenAI, session: Session, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = client.files.create(file=("a.jsonl", b"content"), purpose="batch")
    [path] = data_dir.rglob("input/*")
    get_stuck(path)
    assert client.files.delete(file.id).deleted
    assert list(client.files.list()) == []
    assert path.name in caplog.text
    assert session.query(File).one().purged_at is None


@pytest.mark.parametrize("ending", ["completed", "cancelled"])
def test_an_upload_ends_though_a_part_of_it_stays(
    client: OpenAI, session: Session, data_dir: Path, ending: str
) -> None:
    upload = client.uploads.create(bytes=10, filename="a", mime_type="text/plain", purpose="batch")
    parts = [client.uploads.parts.create(upload.id, data=data).id for data in (b"a" * 5, b"b" * 5)]
    stuck = client.uploads.parts.create(upload.id, data=b"again").id if ending == "completed" else parts[1]
    get_stuck(next(data_dir.rglob(f"parts/{stuck}")))
    ended = (
        client.uploads.complete(upload.id, part_ids=parts)
        if ending == "completed"
        else client.uploads.cancel(upload.id)
    )
    assert ended.status == ending
    assert [f"part_{part.id.hex}" for part in session.query(UploadPart)] == [stuck]
