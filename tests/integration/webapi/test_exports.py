"""Exports over the API, and the addresses that earlier clients know."""

import csv
import io
import json
from hashlib import sha256
from typing import Any

import httpx
import pytest
from openai import OpenAI

from curation.exports import writer
from schemas import ids
from schemas.database import session_scope
from schemas.errors import ExportNotFound
from schemas.states import Role
from tests.fine_tuning import faults_of_chats
from tests.integration.webapi import test_datasets
from tests.integration.webapi.conftest import MakeKey
from tests.integration.webapi.test_datasets import TEXTS, examples, run_imports

dataset = test_datasets.dataset


@pytest.fixture
def old_client(curator: httpx.Client, api_url: str) -> httpx.Client:
    """The same key at the addresses of earlier versions."""
    return httpx.Client(base_url=f"{api_url}/api", headers={"Authorization": curator.headers["Authorization"]})


def write(export: dict[str, Any]) -> None:
    writer.run(session_scope, ids.parse(ids.EXPORT, export["id"], ExportNotFound))


def exported(curator: httpx.Client, dataset: str, **wanted: Any) -> dict[str, Any]:
    answer = curator.post("/exports", json={"dataset_id": dataset, "format": "chat"} | wanted)
    assert answer.status_code == 200, answer.text
    begun: dict[str, Any] = answer.json()
    assert (begun["status"], begun["file_id"]) == ("running", None)
    write(begun)
    done: dict[str, Any] = curator.get(f"/exports/{begun['id']}").json()
    return done


def content(curator: httpx.Client, export: dict[str, Any]) -> bytes:
    return curator.get(f"/files/{export['file_id']}/content").content


def test_an_export_is_a_file_to_fine_tune_on(curator: httpx.Client, dataset: str, api_url: str) -> None:
    done = exported(curator, dataset)
    assert (done["status"], done["total"], done["done"], done["version"]) == ("done", 12, 12, 1)
    client = OpenAI(api_key=curator.headers["Authorization"].removeprefix("Bearer "), base_url=f"{api_url}/v1")
    file = client.files.retrieve(done["file_id"])
    assert (file.purpose, file.filename) == ("fine-tune", "Evaluations-chat-v1.jsonl")
    lines = client.files.content(file.id).content
    assert faults_of_chats(lines) == []
    manifest = curator.get(f"/exports/{done['id']}/manifest").json()
    assert (manifest["examples"], manifest["file"]["sha256"]) == (12, sha256(lines).hexdigest())
    assert len(manifest["versions"]) == 12


def test_a_view_and_options_decide_what_is_in_it(curator: httpx.Client, dataset: str) -> None:
    first = examples(curator, dataset)[0]
    curator.post(f"/examples/{first['id']}", json={"gold": True, "status": "approved", "edited_output": "Hire."})
    options = {
        "only_approved": True,
        "system_prompt": "Be brief.",
        "leave_out_duplicates": True,
        "with_judges": True,
    }
    view = {"gold": "yes", "changed_since": "2026-01-01"}
    done = exported(curator, dataset, view=view, options=options, format="icl")
    assert (done["view"], done["options"]) == (view, options)
    (line,) = map(json.loads, content(curator, done).splitlines())
    assert (line["input"], line["output"], line["metadata"]["system"]) == (TEXTS[0], "Hire.", "Be brief.")


def test_a_repeat_is_the_next_version(curator: httpx.Client, dataset: str) -> None:
    first = exported(curator, dataset, format="parquet")
    again = curator.post(f"/exports/{first['id']}/repeat").json()
    assert (again["version"], again["status"]) == (2, "running")
    assert curator.get(f"/exports/{again['id']}/manifest").status_code == 409
    write(again)
    again = curator.get(f"/exports/{again['id']}").json()
    assert content(curator, again) == content(curator, first)
    assert curator.get(f"/exports/{again['id']}/manifest").json()["export"]["repeats"] == first["id"]


def test_exports_are_listed_newest_first_and_deleted_with_their_files(curator: httpx.Client, dataset: str) -> None:
    made = [exported(curator, dataset, format=name)["id"] for name in ("chat", "csv", "icl")]
    first = curator.get("/exports", params={"limit": 2}).json()
    second = curator.get("/exports", params={"after": first["last_id"], "dataset_id": dataset}).json()
    assert [one["id"] for one in first["data"] + second["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    file_id = curator.get(f"/exports/{made[0]}").json()["file_id"]
    assert curator.delete(f"/exports/{made[0]}").json() == {"id": made[0], "object": "export", "deleted": True}
    assert curator.get(f"/exports/{made[0]}").status_code == 404
    assert curator.get(f"/files/{file_id}").status_code == 404
    file_id = curator.get(f"/exports/{made[1]}").json()["file_id"]
    curator.delete(f"/files/{file_id}")
    assert curator.delete(f"/exports/{made[1]}").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"format": "xml"}, "format"),
        ({"view": {"statsu": "approved"}}, "statsu"),
        ({"view": {"changed_since": "yesterday"}}, "changed_since"),
        ({"view": {"gold": True}}, "view.gold"),
        ({"options": {"only_approved": "yes"}}, "options.only_approved"),
        ({"options": {"unknown": True}}, "options.unknown"),
        ({"options": {"only_approved": True}, "view": {"status": "rejected"}}, "options.only_approved"),
    ],
)
def test_an_export_that_means_nothing_is_not_begun(
    curator: httpx.Client, dataset: str, wanted: dict[str, Any], param: str
) -> None:
    answer = curator.post("/exports", json={"dataset_id": dataset, "format": "chat"} | wanted)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert curator.get("/exports").json()["data"] == []


def test_who_is_no_curator_reads_only(curator: httpx.Client, http: httpx.Client, dataset: str) -> None:
    done = exported(curator, dataset)
    assert http.get(f"/exports/{done['id']}/manifest").status_code == 200
    assert http.get(f"/files/{done['file_id']}/content").status_code == 200
    assert http.post("/exports", json={"dataset_id": dataset, "format": "chat"}).status_code == 403
    assert http.post(f"/exports/{done['id']}/repeat").status_code == 403
    assert http.delete(f"/exports/{done['id']}").status_code == 403


def test_a_stranger_finds_nothing(curator: httpx.Client, api_url: str, dataset: str, make_key: MakeKey) -> None:
    path = f"/exports/{exported(curator, dataset)['id']}"
    headers = {"Authorization": f"Bearer {make_key('other', Role.CURATOR)}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as stranger:
        assert stranger.get("/exports").json()["data"] == []
        assert {stranger.get(one).status_code for one in (path, f"{path}/manifest")} == {404}
        assert stranger.post(f"{path}/repeat").status_code == 404
        assert stranger.delete(path).status_code == 404
        assert stranger.post("/exports", json={"dataset_id": dataset, "format": "chat"}).status_code == 404
        assert stranger.get("/exports", params={"dataset_id": dataset}).status_code == 404


def test_an_earlier_client_stars_an_answer_by_the_id_of_its_candidate(
    curator: httpx.Client, old_client: httpx.Client, dataset: str
) -> None:
    said = {
        "candidate_id": "c-3",
        "evaluation": "what was shown",
        "quality": "high",
        "starred_by": "user@example.com",
        "starred_at": "2026-01-31T12:00:00Z",
    }
    answer = old_client.post("/gold-star", json=said).json()
    assert (answer["status"], answer["dataset_id"]) == ("success", dataset)
    (starred,) = examples(curator, dataset, gold="yes")
    assert (starred["id"], starred["custom_id"], starred["score"]) == (answer["example_id"], "c-3", 0.9)
    assert starred["notes"] == "Gold star by user@example.com at 2026-01-31T12:00:00Z."
    assert old_client.post("/gold-star", json=said).json()["change_id"] is None
    assert curator.post(f"/changes/{answer['change_id']}/undo").json()["examples"] == 1
    assert examples(curator, dataset, gold="yes") == []


def test_a_star_that_could_mean_several_answers_is_refused_until_it_says_which(
    curator: httpx.Client, old_client: httpx.Client, dataset: str
) -> None:
    batch_id = examples(curator, dataset)[0]["source"]["batch_id"]
    other = curator.post("/datasets", json={"name": "Again"}).json()["id"]
    curator.post(f"/datasets/{other}/imports", json={"batch_id": batch_id})
    run_imports(other)
    refused = old_client.post("/gold-star", json={"custom_id": "c-3"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (409, "dataset_id")
    starred = old_client.post("/gold-star", json={"custom_id": "c-3", "dataset_id": other}).json()
    assert starred["dataset_id"] == other
    second = examples(curator, dataset)[3]
    with session_scope() as session:
        session.connection().exec_driver_sql("UPDATE outputs SET output = 'Other. ' || dataset_id")
    said = f"Other.\n{ids.parse(ids.DATASET, dataset, ExportNotFound)}"
    starred = old_client.post("/gold-star", json={"custom_id": "c-3", "evaluation": said}).json()
    assert starred["example_id"] == second["id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"candidate_id": "nobody"}, 404),
        ({}, 400),
        ({"candidate_id": "c-3", "quality": "splendid"}, 400),
        ({"candidate_id": "c-3", "quality": 101}, 400),
        ({"candidate_id": "c-3", "dataset_id": "ds_0"}, 404),
    ],
)
def test_a_star_for_nothing_is_refused(
    old_client: httpx.Client, dataset: str, body: dict[str, Any], status: int
) -> None:
    assert old_client.post("/gold-star", json=body).status_code == status


def test_an_earlier_client_gets_what_is_gold_in_the_formats_that_it_knows(
    curator: httpx.Client, old_client: httpx.Client, dataset: str
) -> None:
    for number, quality in ((3, 85), (4, 40)):
        old_client.post("/gold-star", json={"candidate_id": f"c-{number}", "quality": quality})
    line, _ = map(json.loads, old_client.get("/export-gold-star").text.splitlines())
    assert (line["input"], line["metadata"]["score"]) == (TEXTS[3], 0.85)
    only_high = {"format": "finetuning", "filter": "quality_high"}
    answer = old_client.get("/export-gold-star", params=only_high)
    assert answer.headers["Content-Disposition"] == "attachment; filename=gold_star_chat.jsonl"
    (chat,) = map(json.loads, answer.text.splitlines())
    assert chat["messages"][0] == {"role": "user", "content": TEXTS[3]}
    table = old_client.post("/export-gold-star", json={"format": "csv", "filter": "recent", "dataset_id": dataset})
    assert [row["custom_id"] for row in csv.DictReader(io.StringIO(table.text))] == ["c-3", "c-4"]
    assert old_client.get("/export-gold-star", params={"format": "xml"}).status_code == 400


def test_earlier_clients_need_a_key_like_all_others(
    curator: httpx.Client, http: httpx.Client, dataset: str, api_url: str
) -> None:
    assert httpx.post(f"{api_url}/api/gold-star", json={"candidate_id": "c-3"}).status_code == 401
    assert httpx.get(f"{api_url}/api/export-gold-star").status_code == 401
    headers = {"Authorization": http.headers["Authorization"]}
    star = httpx.post(f"{api_url}/api/gold-star", json={"candidate_id": "c-3"}, headers=headers)
    assert star.status_code == 403
    assert httpx.get(f"{api_url}/api/export-gold-star", headers=headers).text == ""
