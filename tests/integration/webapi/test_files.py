import resource
import socket
import time
from datetime import timedelta
from pathlib import Path

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types import FileObject
from sqlalchemy.orm import Session
from werkzeug.http import parse_options_header

from schemas.errors import FileNotFound
from schemas.ids import FILE, parse
from schemas.tables import Batch, File
from schemas.tables.base import now

LINES = b'{"custom_id": "1"}\n{"custom_id": "2"}\n'


def stored(data_dir: Path) -> list[str]:
    return [path.name for path in data_dir.rglob("*") if path.is_file()]


def row(session: Session, file_id: str) -> File:
    return session.get_one(File, parse(FILE, file_id, FileNotFound))


def test_a_file_comes_back_as_it_was_sent(client: OpenAI) -> None:
    created = client.files.create(file=("in.jsonl", LINES), purpose="batch")
    assert (created.bytes, created.filename, created.purpose) == (len(LINES), "in.jsonl", "batch")
    assert client.files.content(created.id).content == LINES
    assert client.files.retrieve(created.id) == created


def test_a_file_has_every_field_of_openais_type_and_no_other(client: OpenAI, http: httpx.Client) -> None:
    file = client.files.create(file=("in.jsonl", LINES), purpose="batch")
    assert set(http.get(f"/files/{file.id}").json()) == set(FileObject.model_fields)


def test_the_owner_may_let_a_file_expire(client: OpenAI) -> None:
    file = client.files.create(
        file=("in.jsonl", LINES), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert file.expires_at == file.created_at + 3600


@pytest.mark.parametrize("seconds", ["3599", "2592001", "soon", "-1"])
def test_an_expiry_outside_the_limits_is_refused_and_leaves_nothing(
    http: httpx.Client, data_dir: Path, seconds: str
) -> None:
    form = {"purpose": "batch", "expires_after[anchor]": "created_at", "expires_after[seconds]": seconds}
    answer = http.post("/files", data=form, files={"file": ("a", LINES)})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "expires_after.seconds")
    assert stored(data_dir) == []


def test_the_file_may_stand_before_the_other_fields_of_the_form(http: httpx.Client) -> None:
    form = [("file", ("a.jsonl", LINES)), ("purpose", (None, "batch"))]
    assert http.post("/files", files=form).json()["bytes"] == len(LINES)


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ([("purpose", (None, "batch")), ("file", ("a", b""))], "file"),
        ([("purpose", (None, "batch"))], "file"),
        ([("purpose", (None, "world peace")), ("file", ("a", LINES))], "purpose"),
        ([("file", ("a", LINES))], "purpose"),
        ([("file", ("a", LINES)), ("file", ("b", LINES)), ("purpose", (None, "batch"))], "file"),
        ([("file", ("a", LINES)), ("other", ("b", LINES)), ("purpose", (None, "batch"))], "other"),
        ([("file", ("a", LINES)), ("purpose", (None, b"\xff"))], "purpose"),
    ],
)
def test_a_form_that_does_not_fit_is_refused_by_name_and_leaves_nothing(
    http: httpx.Client, data_dir: Path, form: list[tuple[str, tuple[str | None, bytes | str]]], param: str
) -> None:
    answer = http.post("/files", files=form)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert stored(data_dir) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"hello"),
        ("multipart/form-data", b"hello"),
        ("multipart/form-data; boundary=x", b"hello"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nab',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\0b"\r\n\r\nab'
            b'\r\n--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=x", b"--x\r\nNonsense\r\n\r\nab\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nab'
            b"\r\n--x\r\nContent-Disposition: form-data\r\n\r\nbatch\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff"\r\n\r\n',
        ),
    ],
)
def test_a_broken_form_is_refused_and_leaves_nothing(
    http: httpx.Client, data_dir: Path, content_type: str, body: bytes
) -> None:
    assert http.post("/files", content=body, headers={"Content-Type": content_type}).status_code == 400
    assert stored(data_dir) == []


def test_a_client_that_goes_away_leaves_nothing(
    api_url: str, key: str, client: OpenAI, data_dir: Path, tmp_path: Path
) -> None:
    url = httpx.URL(api_url)
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    )
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(head.encode() + b"a" * 500_000)
    time.sleep(0.5)
    assert stored(data_dir) == []
    assert list(client.files.list()) == []


def test_a_file_over_the_limit_is_a_413_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, data_dir: Path
) -> None:
    monkeypatch.setenv("VBS_MAX_FILE_BYTES", "1000")
    client: OpenAI = request.getfixturevalue("client")
    for size in (1001, 3_000_000):
        with pytest.raises(openai.APIStatusError) as error:
            client.files.create(file=("a", b"a" * size), purpose="batch")
        assert error.value.status_code == 413
    assert stored(data_dir) == []
    assert client.files.create(file=("a", b"a" * 1000), purpose="batch").bytes == 1000


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"; x="b', "C:\\boot.ini", "naïve ☃.jsonl", "x" * 1024])
def test_a_filename_is_data_and_nothing_more(client: OpenAI, data_dir: Path, name: str) -> None:
    file = client.files.create(file=(name, LINES), purpose="batch")
    assert client.files.retrieve(file.id).filename == name
    (only,) = stored(data_dir)
    assert only.removesuffix(".jsonl") == file.id
    _, options = parse_options_header(client.files.content(file.id).response.headers["content-disposition"])
    assert options["filename"] == name.replace("\\", "/").rpartition("/")[2]


def test_pages_of_files_follow_the_ids_to_the_end(client: OpenAI) -> None:
    created = [client.files.create(file=(f"{n}", LINES), purpose="batch").id for n in range(5)]
    assert [file.id for file in client.files.list(limit=2)] == created[::-1]
    assert [file.id for file in client.files.list(limit=2, order="asc")] == created
    page = client.files.list(limit=2, after=created[3])
    assert ([file.id for file in page.data], page.has_more) == (created[2:0:-1], True)


def test_files_can_be_listed_by_purpose(client: OpenAI) -> None:
    client.files.create(file=("a", LINES), purpose="batch")
    other = client.files.create(file=("b", LINES), purpose="fine-tune")
    assert [file.id for file in client.files.list(purpose="fine-tune")] == [other.id]


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=x", "order=up", "after=file-1", "after=%00"])
def test_a_list_query_that_does_not_fit_is_refused_by_name(http: httpx.Client, query: str) -> None:
    answer = http.get(f"/files?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.partition("=")[0])


def test_the_file_of_another_tenant_does_not_exist(client: OpenAI, stranger: OpenAI) -> None:
    file = client.files.create(file=("a", LINES), purpose="batch")
    assert list(stranger.files.list()) == []
    for attempt in (stranger.files.retrieve, stranger.files.content, stranger.files.delete):
        with pytest.raises(openai.NotFoundError):
            attempt(file.id)
    with pytest.raises(openai.BadRequestError):
        stranger.files.list(after=file.id)


@pytest.mark.parametrize(
    ("asked", "status", "got"),
    [
        ("bytes=0-3", 206, LINES[:4]),
        ("bytes=5-", 206, LINES[5:]),
        ("bytes=-4", 206, LINES[-4:]),
        ("bytes=-999999", 206, LINES),
        ("bytes=0-", 206, LINES),
        ("bytes=-0", 200, LINES),
        ("bytes=5-2", 200, LINES),
        ("bytes=0-999999", 206, LINES),
        ("bytes=99999-", 416, None),
        ("lines=1-2", 200, LINES),
        ("bytes=0-1,4-5", 200, LINES),
        ("nonsense", 200, LINES),
    ],
)
def test_a_part_of_a_file_can_be_downloaded(
    client: OpenAI, http: httpx.Client, asked: str, status: int, got: bytes | None
) -> None:
    file = client.files.create(file=("a", LINES), purpose="batch")
    answer = http.get(f"/files/{file.id}/content", headers={"Range": asked})
    assert answer.status_code == status
    assert got is None or answer.content == got
    if status == 206:
        assert answer.headers["content-range"].endswith(f"/{len(LINES)}")
        assert answer.headers["content-length"] == str(len(answer.content))
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(LINES)}"


def test_a_download_that_broke_off_goes_on_only_if_the_file_is_the_same(client: OpenAI, http: httpx.Client) -> None:
    file = client.files.create(file=("a", LINES), purpose="batch")
    tag = http.head(f"/files/{file.id}/content").headers["etag"]
    same = http.get(f"/files/{file.id}/content", headers={"Range": "bytes=4-", "If-Range": tag})
    other = http.get(f"/files/{file.id}/content", headers={"Range": "bytes=4-", "If-Range": '"other"'})
    assert (same.status_code, same.content) == (206, LINES[4:])
    assert (other.status_code, other.content) == (200, LINES)


def test_a_head_request_tells_the_size_and_sends_nothing(client: OpenAI, http: httpx.Client) -> None:
    file = client.files.create(file=("a", LINES), purpose="batch")
    answer = http.head(f"/files/{file.id}/content", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, str(len(LINES)), b"")


def test_a_deleted_file_is_gone_with_its_content(client: OpenAI, data_dir: Path) -> None:
    file = client.files.create(file=("a", LINES), purpose="batch")
    assert client.files.delete(file.id).model_dump() == {"id": file.id, "object": "file", "deleted": True}
    assert stored(data_dir) == []
    for attempt in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            attempt(file.id)


def test_a_file_that_a_live_batch_reads_is_kept(client: OpenAI, session: Session) -> None:
    file = client.files.create(file=("a", LINES), purpose="batch")
    batch = Batch(
        tenant="acme",
        endpoint="/v1/completions",
        input_file_id=row(session, file.id).id,
        completion_window="24h",
        expires_at=now() + timedelta(hours=24),
    )
    session.add(batch)
    session.commit()
    with pytest.raises(openai.ConflictError):
        client.files.delete(file.id)
    batch.ended_at = now()
    session.commit()
    assert client.files.delete(file.id).deleted


def test_the_content_of_an_expired_file_is_gone_and_its_description_stays(client: OpenAI, session: Session) -> None:
    file = client.files.create(file=("a", LINES), purpose="batch")
    row(session, file.id).expires_at = now() - timedelta(seconds=1)
    session.commit()
    with pytest.raises(openai.NotFoundError) as error:
        client.files.content(file.id)
    assert error.value.code == "content_expired"
    assert client.files.retrieve(file.id).id == file.id


def test_a_full_disk_is_a_503_that_leaves_nothing_and_the_same_call_works_later(
    http: httpx.Client, data_dir: Path
) -> None:
    def upload() -> httpx.Response:
        return http.post("/files", data={"purpose": "batch"}, files={"file": ("a", b"a" * 3_000_000)})

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        full = upload()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (full.status_code, full.json()["error"]["code"]) == (503, "storage_unavailable")
    assert "retry-after" in full.headers
    assert stored(data_dir) == []
    assert upload().status_code == 200
