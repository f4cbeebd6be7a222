import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types import Upload
from openai.types.uploads import UploadPart
from sqlalchemy.orm import Session

from schemas import tables
from schemas.errors import UploadNotFound
from schemas.ids import UPLOAD, parse
from schemas.tables.base import now

FIRST, SECOND = b"a" * 1000, b"b" * 500


def begin(client: OpenAI, size: int = len(FIRST + SECOND)) -> Upload:
    return client.uploads.create(bytes=size, filename="big.jsonl", mime_type="application/jsonl", purpose="batch")


def parts_of(data_dir: Path) -> list[str]:
    return [path.name for path in data_dir.rglob("parts/*")]


def test_parts_become_a_file_in_the_order_that_is_asked_for(client: OpenAI, data_dir: Path) -> None:
    upload = begin(client)
    second = client.uploads.parts.create(upload.id, data=SECOND)
    first = client.uploads.parts.create(upload.id, data=FIRST)
    md5 = hashlib.md5(FIRST + SECOND).hexdigest()
    done = client.uploads.complete(upload.id, part_ids=[first.id, second.id], md5=md5)
    assert done.status == "completed"
    assert done.file is not None
    assert (done.file.filename, done.file.purpose, done.file.bytes) == ("big.jsonl", "batch", 1500)
    assert client.files.content(done.file.id).content == FIRST + SECOND
    assert parts_of(data_dir) == []


def test_the_official_client_uploads_a_file_in_chunks(client: OpenAI, tmp_path: Path) -> None:
    source = tmp_path / "big.jsonl"
    source.write_bytes(b"x" * 300_000)
    done = client.uploads.upload_file_chunked(file=source, mime_type="text/plain", purpose="batch", part_size=100_000)
    assert done.file is not None
    assert client.files.content(done.file.id).content == source.read_bytes()


def test_uploads_and_parts_have_every_field_of_openais_types_and_no_other(client: OpenAI, http: httpx.Client) -> None:
    wanted = {"bytes": 10, "filename": "a", "mime_type": "text/plain", "purpose": "batch"}
    upload = http.post("/uploads", json=wanted).json()
    part = http.post(f"/uploads/{upload['id']}/parts", files={"data": ("a", b"0123456789")}).json()
    assert set(upload) == set(Upload.model_fields)
    assert set(part) == set(UploadPart.model_fields)
    assert upload["expires_at"] == upload["created_at"] + 3600


@pytest.mark.parametrize("wrong", ["md5", "bytes", "unknown", "twice", "none"])
def test_a_completion_that_does_not_fit_is_refused_and_can_be_repeated(
    client: OpenAI, data_dir: Path, wrong: str
) -> None:
    upload = begin(client)
    first = client.uploads.parts.create(upload.id, data=FIRST).id
    second = client.uploads.parts.create(upload.id, data=SECOND).id
    asked = {
        "md5": [first, second],
        "bytes": [first],
        "unknown": [first, "part_unknown"],
        "twice": [first, first],
        "none": [],
    }
    with pytest.raises(openai.BadRequestError):
        client.uploads.complete(upload.id, part_ids=asked[wrong], md5="0" * 32)
    assert not list(data_dir.rglob("input/*"))
    assert client.uploads.complete(upload.id, part_ids=[first, second]).status == "completed"


def test_of_many_completions_at_once_one_makes_the_file_and_the_others_are_conflicts(
    client: OpenAI, http: httpx.Client, data_dir: Path
) -> None:
    upload = begin(client)
    parts = [client.uploads.parts.create(upload.id, data=data).id for data in (FIRST, SECOND)]

    def complete(_: int) -> int:
        return http.post(f"/uploads/{upload.id}/complete", json={"part_ids": parts}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(complete, range(6))) == [200] + 5 * [409]
    assert len(list(data_dir.rglob("input/*"))) == 1


def test_a_cancelled_upload_drops_its_parts_and_takes_no_more(client: OpenAI, data_dir: Path) -> None:
    upload = begin(client)
    part = client.uploads.parts.create(upload.id, data=FIRST)
    assert client.uploads.cancel(upload.id).status == "cancelled"
    assert parts_of(data_dir) == []
    with pytest.raises(openai.ConflictError):
        client.uploads.parts.create(upload.id, data=SECOND)
    with pytest.raises(openai.ConflictError):
        client.uploads.complete(upload.id, part_ids=[part.id])
    assert parts_of(data_dir) == []


def test_an_upload_expires_after_its_hour(client: OpenAI, session: Session, data_dir: Path) -> None:
    upload = begin(client)
    row = session.get_one(tables.Upload, parse(UPLOAD, upload.id, UploadNotFound))
    row.expires_at = now() - timedelta(seconds=1)
    session.commit()
    with pytest.raises(openai.ConflictError, match="expired"):
        client.uploads.parts.create(upload.id, data=FIRST)
    assert parts_of(data_dir) == []


def test_an_upload_holds_no_more_than_was_announced(client: OpenAI, data_dir: Path) -> None:
    upload = begin(client, size=1000)
    for _ in range(2):
        client.uploads.parts.create(upload.id, data=FIRST)
    with pytest.raises(openai.BadRequestError):
        client.uploads.parts.create(upload.id, data=FIRST)
    assert len(parts_of(data_dir)) == 2


def test_a_part_over_the_limit_is_a_413(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setenv("VBS_MAX_PART_BYTES", "100")
    client: OpenAI = request.getfixturevalue("client")
    with pytest.raises(openai.APIStatusError) as error:
        client.uploads.parts.create(begin(client).id, data=b"a" * 101)
    assert error.value.status_code == 413


def test_the_upload_of_another_tenant_does_not_exist(client: OpenAI, stranger: OpenAI) -> None:
    upload = begin(client)
    with pytest.raises(openai.NotFoundError):
        stranger.uploads.parts.create(upload.id, data=FIRST)
    with pytest.raises(openai.NotFoundError):
        stranger.uploads.cancel(upload.id)
    with pytest.raises(openai.NotFoundError):
        stranger.uploads.complete(upload.id, part_ids=["part_x"])
