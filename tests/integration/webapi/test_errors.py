import httpx
import psycopg
import pytest
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.unreader import IterUnreader

from webapi.api import create_app

REQUEST = {"input_file_id": "file-x", "endpoint": "/v1/completions", "completion_window": "24h"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{bad", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"input_file_id": "\\ud800"}', "application/json", 400),
        (b'{"input_file_id": "\xff"}', "application/json", 400),
        (b"", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b" " * 1_100_000, "application/json", 413),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    http: httpx.Client, body: bytes, content_type: str, status: int
) -> None:
    answer = http.post("/batches", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_every_answer_has_a_request_id_of_its_own(http: httpx.Client) -> None:
    answers = [http.get(path) for path in ("/files", "/files", "/nowhere", "/files/file-1", "/batches?limit=0")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


def test_an_unknown_address_is_a_404_in_json(http: httpx.Client) -> None:
    answer = http.get("/nowhere")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")


def test_a_wrong_method_is_a_405_that_names_the_right_ones(http: httpx.Client) -> None:
    answer = http.put("/files")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/files/a%00b", "/models/a%00b", "/batches/%00", "/models/%ff%fe", "/files/..%2f..%2fx"]
)
def test_odd_characters_in_an_address_are_a_404(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def test_a_lost_database_is_a_503_and_the_same_call_works_once_it_is_back(
    http: httpx.Client, database_url: str, postgres_url: str
) -> None:
    assert http.get("/files").status_code == 200
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        lost = http.get("/files")
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    assert (lost.status_code, lost.headers["retry-after"]) == (503, "5")
    assert lost.json()["error"]["code"] == "unavailable"
    assert http.get("/files").status_code == 200


def test_a_statement_that_takes_too_long_is_a_503(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, database_url: str
) -> None:
    monkeypatch.setenv("VBS_STATEMENT_TIMEOUT_SECONDS", "0.3")
    http: httpx.Client = request.getfixturevalue("http")
    with psycopg.connect(database_url) as connection:
        connection.execute("LOCK TABLE files IN ACCESS EXCLUSIVE MODE")
        assert http.get("/files").status_code == 503
    assert http.get("/files").status_code == 200


@pytest.mark.parametrize("chunks", [b"ZZ\r\n", b"2\r\nabXX"])
@pytest.mark.usefixtures("valkey_url")
def test_a_body_in_broken_chunks_is_the_callers_fault(key: str, chunks: bytes) -> None:
    # As gunicorn reads it: the server that the other tests talk to knows no chunks.
    body = Body(ChunkedReader(None, IterUnreader([chunks])))
    answer = (
        create_app()
        .test_client()
        .post(
            "/v1/files",
            headers={"Authorization": f"Bearer {key}", "Content-Type": "multipart/form-data; boundary=x"},
            environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True},
        )
    )
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "invalid_body")
