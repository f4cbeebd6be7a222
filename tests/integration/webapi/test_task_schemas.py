"""Task schemas over the API: checked, saved in versions, and made into files of requests."""

import json
import threading
from typing import Any

import httpx
import orjson
import pytest

from curation.task_schemas.built_in import built_in
from inference import intake
from inference.models import registry
from schemas import ids
from schemas.database import session_scope
from schemas.errors import BatchNotFound
from schemas.states import BatchStatus, Role
from schemas.tables import Batch
from tests.integration.inference.batch_fixtures import MODEL, MODELS
from tests.integration.webapi.conftest import MakeKey
from tests.unit.curation.task_schemas.documents import TASK, task

ROWS = b"candidate_id,profile,years\nc-1,Nurse,3\nc-2,Cook,\n"


def post(client: httpx.Client, path: str, document: object) -> Any:
    answer = client.post(path, content=json.dumps(document, indent=1).encode())
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(client: httpx.Client) -> list[str]:
    return [one["name"] for one in client.get("/task-schemas").json()["data"]]


def make(client: httpx.Client, rows: bytes = ROWS, filename: str = "rows.csv", **query: Any) -> httpx.Response:
    query = {"model": MODEL} | query
    return client.post("/task-schemas/fit/requests", params=query, files={"file": (filename, rows)})


def test_those_that_are_built_in_are_there_for_everybody(curator: httpx.Client) -> None:
    assert names(curator) == sorted(built_in())
    found = curator.get("/task-schemas/cv_parsing").json()
    assert (found["built_in"], found["version"], found["made_by"]) == (True, 1, None)
    assert list(found["schema"]) == list(orjson.loads(built_in()["cv_parsing"][1]))
    assert curator.get("/task-schemas/cv_parsing/versions/1").json() == found
    assert curator.get("/task-schemas/cv_parsing/versions/2").status_code == 404
    for answer in (
        curator.delete("/task-schemas/cv_parsing"),
        curator.post("/task-schemas/cv_parsing", content=json.dumps(found["schema"])),
        curator.post("/task-schemas", content=json.dumps(found["schema"])),
    ):
        assert answer.status_code == 409, answer.text


def test_each_save_of_something_new_is_a_version_and_old_ones_stay(curator: httpx.Client) -> None:
    made = post(curator, "/task-schemas", TASK)
    assert (made["version"], made["made_by"], made["built_in"]) == (1, "curator", False)
    assert made["schema"] == {"name": "fit", "version": 1} | TASK
    assert list(made["schema"])[:3] == ["name", "version", "title"]
    assert post(curator, "/task-schemas/fit", TASK)["version"] == 1
    second = post(curator, "/task-schemas/fit?based_on=1", task(title="Better", version=9))
    assert (second["version"], second["schema"]["version"]) == (2, 2)
    assert curator.get("/task-schemas/fit").json() == second
    assert curator.get("/task-schemas/fit/versions/1").json()["title"] == "Fit for a role"
    page = curator.get("/task-schemas/fit/versions", params={"limit": 1}).json()
    assert ([one["version"] for one in page["data"]], page["has_more"], page["last_id"]) == ([2], True, "2")
    page = curator.get("/task-schemas/fit/versions", params={"after": page["last_id"]}).json()
    assert ([one["version"] for one in page["data"]], page["has_more"]) == ([1], False)


def test_who_was_overtaken_is_told(curator: httpx.Client) -> None:
    post(curator, "/task-schemas", TASK)
    post(curator, "/task-schemas/fit", task(title="Theirs"))
    refused = curator.post("/task-schemas/fit?based_on=1", content=json.dumps(task(title="Mine")))
    assert (refused.status_code, refused.json()["error"]["param"]) == (409, "based_on")
    again = curator.post("/task-schemas", content=json.dumps(TASK))
    assert (again.status_code, again.json()["error"]["code"]) == (409, "name_taken")
    renamed = curator.post("/task-schemas/fit", content=json.dumps(task(name="other")))
    assert (renamed.status_code, renamed.json()["error"]["param"]) == (400, "name")


def test_those_who_save_at_once_get_a_version_each(curator: httpx.Client) -> None:
    post(curator, "/task-schemas", TASK)
    savers = [
        threading.Thread(target=post, args=(curator, "/task-schemas/fit", task(title=f"Title {n}"))) for n in range(6)
    ]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()
    found = curator.get("/task-schemas/fit/versions").json()["data"]
    assert [one["version"] for one in found] == [7, 6, 5, 4, 3, 2, 1]
    assert len({one["title"] for one in found}) == 7


def test_an_archived_one_is_in_no_list_can_be_read_and_comes_back(curator: httpx.Client) -> None:
    post(curator, "/task-schemas", TASK)
    assert curator.delete("/task-schemas/fit").json()["archived_at"] is not None
    assert curator.delete("/task-schemas/fit").status_code == 200
    assert "fit" not in names(curator)
    assert curator.get("/task-schemas/fit/versions/1").json()["archived_at"] is not None
    assert post(curator, "/task-schemas/fit/restore", {})["archived_at"] is None
    assert "fit" in names(curator)
    curator.delete("/task-schemas/fit")
    assert post(curator, "/task-schemas", task(title="Anew"))["version"] == 2
    assert "fit" in names(curator)


def test_a_list_goes_on_where_its_page_ended(curator: httpx.Client) -> None:
    post(curator, "/task-schemas/import", {"schemas": [task(name=f"own_{n}") for n in (3, 1, 2)]})
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = curator.get("/task-schemas", params={"limit": 2} | after).json()
        seen += [one["name"] for one in page["data"]]
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}
    assert seen == sorted([*built_in(), "own_1", "own_2", "own_3"])


@pytest.mark.parametrize("number", ["-99999999999", "-1", "3000000000", "x"])
def test_what_is_no_number_of_a_version_is_a_400(curator: httpx.Client, number: str) -> None:
    curator.post("/task-schemas", json=TASK)
    assert curator.get("/task-schemas/fit/versions", params={"after": number}).status_code == 400
    assert curator.post("/task-schemas/fit", params={"based_on": number}, json=TASK).status_code == 400
    rows = {"file": ("rows.csv", b"candidate_id,profile\n1,Nurse\n")}
    asked = {"model": "m", "version": number}
    assert curator.post("/task-schemas/fit/requests", params=asked, files=rows).status_code == 400


def test_a_document_that_is_none_is_refused_with_all_its_faults(curator: httpx.Client) -> None:
    wrong = task(title=None, prompt={"user": "{{nobody}}"})
    checked = post(curator, "/task-schemas/validate", wrong)
    assert checked["valid"] is False
    assert [fault["path"] for fault in checked["faults"]] == ["$.title", "$.prompt.user"]
    assert post(curator, "/task-schemas/validate", TASK) == {
        "object": "task_schema.check",
        "valid": True,
        "faults": [],
    }
    refused = curator.post("/task-schemas", content=json.dumps(wrong, indent=1))
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (400, "invalid_task_schema", "$.title")
    assert error["faults"] == checked["faults"]
    assert "There are 1 more." in error["message"]
    assert names(curator) == sorted(built_in())


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"[" * 5000, b'{"schemas": 7}', b'{"schemas": []}'])
def test_a_body_that_is_no_document_is_a_400(curator: httpx.Client, body: bytes) -> None:
    assert curator.post("/task-schemas", content=body).status_code == 400
    assert curator.post("/task-schemas/import", content=body).status_code == 400


def test_an_import_is_all_or_nothing(curator: httpx.Client) -> None:
    good, bad = task(name="good"), task(name="bad", columns=[{"path": "nowhere"}])
    refused = curator.post("/task-schemas/import", content=json.dumps({"schemas": [good, bad, {}]}))
    assert refused.status_code == 400
    paths = [fault["path"] for fault in refused.json()["error"]["faults"]]
    assert "$.schemas[1].columns[0].path" in paths
    assert "$.schemas[2].name" in paths
    for twice in ([good, good], [good, task(name="classification")]):
        answer = curator.post("/task-schemas/import", content=json.dumps({"schemas": twice}))
        assert answer.json()["error"]["faults"][0]["path"] == "$.schemas[1].name"
    assert names(curator) == sorted(built_in())
    made = post(curator, "/task-schemas/import", {"schemas": [good, task(name="fit")]})
    assert [(one["name"], one["version"]) for one in made["data"]] == [("good", 1), ("fit", 1)]
    made = post(curator, "/task-schemas/import", {"schemas": [good, task(name="fit", title="Newer")]})
    assert [(one["name"], one["version"]) for one in made["data"]] == [("good", 1), ("fit", 2)]


def test_rows_become_a_file_that_a_batch_takes(curator: httpx.Client, http: httpx.Client) -> None:
    post(curator, "/task-schemas", TASK)
    answer = make(http)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["requests"], made["bad_rows"], made["faults"]) == (2, 0, [])
    assert (made["file"]["filename"], made["file"]["purpose"]) == ("fit.jsonl", "batch")
    lines = [json.loads(line) for line in http.get(f"/files/{made['file']['id']}/content").text.splitlines()]
    assert [line["custom_id"] for line in lines] == ["c-1", "c-2"]
    assert lines[1]["body"]["messages"][1]["content"] == "Years: \nCook"
    wanted = {"input_file_id": made["file"]["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    batch_id = http.post("/batches", json=wanted).json()["id"]
    assert taken_in(batch_id) == (BatchStatus.IN_PROGRESS, None)


def taken_in(batch_id: str) -> tuple[str, Any]:
    found = ids.parse(ids.BATCH, batch_id, BatchNotFound)
    with session_scope() as session:
        registry.announce(session, MODELS, "stub")
    with session_scope() as session:
        intake.take_in(session, found)
    with session_scope() as session:
        batch = session.get_one(Batch, found)
        return batch.status, batch.errors


def test_a_bad_row_is_told_and_nothing_is_made_unless_it_is_to_be_left_out(
    curator: httpx.Client, http: httpx.Client
) -> None:
    post(curator, "/task-schemas", TASK)
    rows = b'{"candidate_id": 1, "profile": "a"}\n{"candidate_id": 2}\n{\n{"candidate_id": 4, "profile": "d"}\n'
    refused = make(http, rows, "rows.jsonl")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (400, "invalid_rows")
    assert [(fault["line"], fault["column"]) for fault in error["faults"]] == [(2, "profile"), (3, None)]
    assert http.get("/files").json()["data"] == []
    made = make(http, rows, "rows.jsonl", bad_rows="skip").json()
    assert (made["requests"], made["bad_rows"]) == (2, 2)
    assert made["faults"] == error["faults"]
    assert len(http.get(f"/files/{made['file']['id']}/content").text.splitlines()) == 2


@pytest.mark.parametrize("rows", [b"", b"candidate_id,profile\n", b"a,b\n1,2\n", b"candidate_id,profile\n1,\xff\n"])
@pytest.mark.parametrize("bad_rows", ["refuse", "skip"])
def test_a_file_without_a_good_row_is_refused(curator: httpx.Client, rows: bytes, bad_rows: str) -> None:
    post(curator, "/task-schemas", TASK)
    answer = make(curator, rows, bad_rows=bad_rows)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_rows")
    assert curator.get("/files").json()["data"] == []


def test_an_older_version_can_still_make_requests(curator: httpx.Client) -> None:
    post(curator, "/task-schemas", TASK)
    post(curator, "/task-schemas/fit", task(prompt={"user": "Other: {{profile}}"}))
    first, newest = make(curator, version=1).json(), make(curator).json()
    contents = [curator.get(f"/files/{made['file']['id']}/content").text for made in (first, newest)]
    assert ["Other:" in content for content in contents] == [False, True]
    assert make(curator, version=7).status_code == 404
    assert make(curator, model="").status_code == 400
    assert make(curator, bad_rows="perhaps").status_code == 400


def test_a_dataset_may_be_of_a_task(curator: httpx.Client) -> None:
    post(curator, "/task-schemas", TASK)
    dataset = post_json(curator, "/datasets", {"name": "Evaluations", "task": "fit"})
    assert dataset["task"] == "fit@1"
    assert dataset["columns"] == [
        {"path": "verdict.hire", "kind": "text", "title": "Hire"},
        {"path": "score", "kind": "number", "title": "Points"},
    ]
    assert dataset["refilled"] is None
    path = f"/datasets/{dataset['id']}/task"
    assert post_json(curator, path, {"task": "cv_parsing@1"})["task"] == "cv_parsing@1"
    without = post_json(curator, path, {"task": None})
    assert (without["task"], without["columns"]) == (None, [])
    for reference, status in (("fit@2", 404), ("nothing", 404), ("fit@", 400), ("fit@x", 400), ("nul\0", 400)):
        assert curator.post(path, json={"task": reference}).status_code == status
    assert post_json(curator, "/datasets", {"name": "Of none"})["task"] is None


def post_json(client: httpx.Client, path: str, body: object) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_who_is_no_curator_reads_and_makes_requests_only(curator: httpx.Client, http: httpx.Client) -> None:
    post(curator, "/task-schemas", TASK)
    dataset_id = post_json(curator, "/datasets", {"name": "Evaluations"})["id"]
    assert http.get("/task-schemas/fit").status_code == 200
    assert make(http).status_code == 200
    for path in ("", "/validate", "/import", "/fit", "/fit/restore"):
        assert http.post(f"/task-schemas{path}", content=json.dumps(TASK)).status_code == 403
    assert http.delete("/task-schemas/fit").status_code == 403
    assert http.post(f"/datasets/{dataset_id}/task", json={"task": "fit"}).status_code == 403


def test_a_task_schema_of_another_tenant_does_not_exist(curator: httpx.Client, api_url: str, make_key: MakeKey) -> None:
    post(curator, "/task-schemas", TASK)
    dataset_id = post_json(curator, "/datasets", {"name": "Evaluations"})["id"]
    headers = {"Authorization": f"Bearer {make_key('stranger', Role.CURATOR)}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as stranger:
        assert names(stranger) == sorted(built_in())
        for answer in (
            stranger.get("/task-schemas/fit"),
            stranger.get("/task-schemas/fit/versions"),
            stranger.get("/task-schemas/fit/versions/1"),
            stranger.post("/task-schemas/fit", content=json.dumps(TASK)),
            stranger.delete("/task-schemas/fit"),
            stranger.post("/task-schemas/fit/restore"),
            stranger.post(f"/datasets/{dataset_id}/task", json={"task": "cv_parsing"}),
            make(stranger),
        ):
            assert answer.status_code == 404, answer.text
        assert post(stranger, "/task-schemas", task(title="Theirs"))["version"] == 1
    assert curator.get("/task-schemas/fit").json()["title"] == "Fit for a role"
