"""Datasets of one's own over the API: uploads, runs, splits and snapshots, as agents make them."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from curation import imports, split_making
from inference.models import registry
from schemas import ids
from schemas.database import session_scope
from schemas.errors import FileNotFound, RunNotFound, SplitNotFound
from schemas.states import Role
from schemas.tables import Import
from tests.integration.curation.runs import run_to_its_end
from tests.integration.inference.batch_fixtures import MODEL, MODELS, as_jsonl
from tests.integration.webapi.conftest import MakeKey

LINES = [{"custom_id": f"q-{n}", "prompt": f"Question {n}?", "city": f"c{n}"} for n in range(1, 5)]
KNOWN = {"prompt": "Known?", "completion": "Yes."}


@pytest.fixture(autouse=True)
def models(database_url: str) -> None:
    with session_scope() as session:
        registry.announce(session, MODELS, "stub")


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def send_file(curator: httpx.Client, content: bytes) -> str:
    form = {"files": {"file": ("questions.jsonl", content)}, "data": {"purpose": "user_data"}}
    return str(ok(curator.post("/files", **form))["id"])  # type: ignore[arg-type]


def finish_uploads(file_id: str) -> None:
    with session_scope() as session:
        begun = session.query(Import.id).filter_by(file_id=ids.parse(ids.FILE, file_id, FileNotFound)).all()
    for (import_id,) in begun:
        imports.run(session_scope, import_id)


@pytest.fixture
def dataset(curator: httpx.Client) -> str:
    """Five items, one of which is answered, and a bad line."""
    dataset_id = str(ok(curator.post("/datasets", json={"name": "Questions"}))["id"])
    file_id = send_file(curator, as_jsonl([*LINES, KNOWN]) + b"{oops\n")
    begun = ok(curator.post(f"/datasets/{dataset_id}/uploads", json={"file_id": file_id}))
    assert (begun["status"], begun["file_id"], begun["batch_id"]) == ("running", file_id, None)
    finish_uploads(file_id)
    return dataset_id


def run_id_of(run: dict[str, Any]) -> UUID:
    return ids.parse(ids.RUN, run["id"], RunNotFound)


def test_an_upload_tells_what_came_of_it(curator: httpx.Client, dataset: str) -> None:
    (done,) = ok(curator.get(f"/datasets/{dataset}/imports"))["data"]
    assert (done["status"], done["imported"], done["lines"], done["bad_lines"]) == ("done", 5, 6, 1)
    assert [(error["line"], error["code"]) for error in done["errors"]] == [(6, "invalid_json_line")]
    shown = ok(curator.get(f"/datasets/{dataset}"))
    assert (shown["items"], shown["counts"]["examples"]) == (5, 1)
    (example,) = ok(curator.get(f"/datasets/{dataset}/examples"))["data"]
    assert (example["model"], example["output"], example["source"]) == ("file", "Yes.", {"batch_id": None, "line": 5})
    assert curator.post(f"/datasets/{dataset}/uploads", json={"file_id": "file-none"}).status_code == 404


def test_a_run_is_begun_watched_and_read(curator: httpx.Client, dataset: str) -> None:
    wanted = {"models": [MODEL], "parameters": {"temperature": 0.5, "max_tokens": 20}}
    begun = ok(curator.post(f"/datasets/{dataset}/runs", json=wanted))
    assert (begun["status"], begun["request_counts"]) == ("running", {"total": 5, "completed": 0, "failed": 0})
    run_to_its_end(run_id_of(begun))
    done = ok(curator.get(f"/runs/{begun['id']}"))
    assert (done["status"], done["request_counts"]["completed"], done["taken_in"]) == ("done", 5, 5)
    assert ok(curator.get(f"/batches/{done['batch_ids'][0]}"))["metadata"]["run"] == done["id"]
    assert ok(curator.get(f"/datasets/{dataset}/runs"))["data"] == [done]
    examples = ok(curator.get(f"/datasets/{dataset}/examples", params={"model": MODEL}))["data"]
    assert [(one["item"], one["custom_id"]) for one in examples[:2]] == [(1, "q-1"), (2, "q-2")]
    assert examples[0]["metadata"] == {"city": "c1"}
    assert code_of(curator.post(f"/runs/{done['id']}/cancel")) == (409, "invalid_status")


def test_a_run_of_a_view_says_which_and_of_how_many_items(curator: httpx.Client, dataset: str) -> None:
    wanted = {"models": [MODEL], "view": {"model": "file", "status": "needs_review"}}
    begun = ok(curator.post(f"/datasets/{dataset}/runs", json=wanted))
    assert (begun["view"], begun["items"], begun["request_counts"]["total"]) == (wanted["view"], 1, 1)
    run_to_its_end(run_id_of(begun))
    examples = ok(curator.get(f"/datasets/{dataset}/examples", params={"model": MODEL}))["data"]
    assert [one["item"] for one in examples] == [5]
    assert ok(curator.post(f"/datasets/{dataset}/runs", json={"models": [MODEL]}))["items"] is None


def test_a_split_is_a_filter_by_its_id_and_a_side(curator: httpx.Client, dataset: str) -> None:
    split = ok(curator.post(f"/datasets/{dataset}/splits", json={"name": "First"}))["id"]
    examples = f"/datasets/{dataset}/examples"
    assert code_of(curator.get(examples, params={"split": split})) == (409, "invalid_status")
    split_making.run(session_scope, ids.parse(ids.SPLIT, split, SplitNotFound))
    ok(curator.post(f"/splits/{split}/moves", json={"items": [5], "side": "test"}))
    assert [one["item"] for one in ok(curator.get(examples, params={"split": split, "side": "test"}))["data"]] == [5]
    assert ok(curator.get(examples, params={"split": split, "side": "train"}))["data"] == []
    assert ok(curator.get(f"/datasets/{dataset}/facets", params={"split": split}))["examples"] == 1
    for wrong, status in (
        ({"side": "test"}, 400),
        ({"split": split, "side": "exam"}, 400),
        ({"split": "split_none"}, 404),
        ({"split": "split_" + "0" * 32}, 404),
    ):
        assert curator.get(examples, params=wrong).status_code == status, wrong
        change = {"view": wrong, "change": {"gold": True}}
        assert curator.post(f"/datasets/{dataset}/changes", json=change).status_code == status, wrong
        export = {"dataset_id": dataset, "view": wrong, "format": "chat"}
        assert curator.post("/exports", json=export).status_code == status, wrong
    export = {"dataset_id": dataset, "view": {"split": split, "side": "test"}, "format": "chat"}
    assert ok(curator.post("/exports", json=export))["total"] == 1
    other = ok(curator.post("/datasets", json={"name": "Others"}))["id"]
    assert curator.get(f"/datasets/{other}/examples", params={"split": split}).status_code == 404


def test_a_run_is_cancelled(curator: httpx.Client, dataset: str) -> None:
    begun = ok(curator.post(f"/datasets/{dataset}/runs", json={"models": [MODEL]}))
    assert ok(curator.post(f"/runs/{begun['id']}/cancel"))["status"] == "cancelling"
    assert run_to_its_end(run_id_of(begun)).status == "cancelled"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"models": []}, 400),
        ({"models": "x"}, 400),
        ({"models": ["no-such-model"]}, 404),
        ({"models": [MODEL], "parameters": {"temperature": 3}}, 400),
        ({"models": [MODEL], "parameters": {"model": "x"}}, 400),
        ({"models": [MODEL], "parameters": {"max_tokens": 0}}, 400),
        ({"models": [MODEL], "parameters": {"max_tokens": 2**63}}, 400),
        ({"models": [MODEL], "completion_window": "1s"}, 400),
        ({"models": [MODEL], "view": {"q": "unheard"}}, 400),
        ({"models": [MODEL], "view": {"statsu": "approved"}}, 400),
        ({"models": [MODEL], "view": ["status"]}, 400),
    ],
)
def test_a_run_that_can_not_be_is_refused(
    curator: httpx.Client, dataset: str, body: dict[str, Any], status: int
) -> None:
    assert curator.post(f"/datasets/{dataset}/runs", json=body).status_code == status
    assert ok(curator.get(f"/datasets/{dataset}/runs"))["data"] == []


def test_a_split_is_made_checked_and_moved(curator: httpx.Client, dataset: str) -> None:
    split = ok(curator.post(f"/datasets/{dataset}/splits", json={"name": "First", "seed": 3}))
    assert (split["status"], split["shares"]) == ("running", {"train": 0.8, "search": 0.1, "test": 0.1})
    path = f"/splits/{split['id']}"
    assert code_of(curator.get(f"{path}/check")) == (409, "invalid_status")
    split_making.run(session_scope, ids.parse(ids.SPLIT, split["id"], SplitNotFound))
    done = ok(curator.get(path))
    assert (done["status"], sum(done["counts"].values()), done["groups"]) == ("done", 5, 5)
    assert ok(curator.get(f"{path}/check")) == {"object": "split.check", "leaks": False}
    assert "moved" in ok(curator.post(f"{path}/moves", json={"items": [1, 2], "side": "test"}))
    assert {1, 2} <= set(ok(curator.get(f"{path}/items", params={"side": "test"}))["data"])
    assert curator.post(f"{path}/moves", json={"items": [9], "side": "test"}).status_code == 400
    assert curator.get(f"{path}/items", params={"side": "exam"}).status_code == 400
    assert [one["id"] for one in ok(curator.get(f"/datasets/{dataset}/splits"))["data"]] == [split["id"]]
    assert curator.post(f"/datasets/{dataset}/splits", json={"name": "x", "shares": {"train": 2}}).status_code == 400


def test_a_snapshot_is_taken_and_exported(curator: httpx.Client, dataset: str) -> None:
    wanted = {"name": "First", "view": {"model": "file"}}
    taken = ok(curator.post(f"/datasets/{dataset}/snapshots", json=wanted))
    assert (taken["examples"], len(taken["digest"]), taken["view"]) == (1, 64, wanted["view"])
    curator.post(f"/datasets/{dataset}/changes", json={"view": {}, "change": {"edited_output": "No."}})
    assert ok(curator.get(f"/snapshots/{taken['id']}")) == taken
    assert ok(curator.get(f"/datasets/{dataset}/snapshots"))["data"] == [taken]
    (line,) = curator.get(f"/snapshots/{taken['id']}/export").text.splitlines()
    assert json.loads(line)["messages"][-1] == {"role": "assistant", "content": "Yes."}
    table = curator.get(f"/snapshots/{taken['id']}/export", params={"format": "csv"})
    assert table.headers["Content-Type"].startswith("text/csv")
    assert "Yes." in table.text
    assert curator.get(f"/snapshots/{taken['id']}/export", params={"format": "xml"}).status_code == 400
    assert curator.post(f"/datasets/{dataset}/snapshots", json={"name": "x", "view": {"a": "b"}}).status_code == 400


def test_a_stranger_finds_nothing_and_who_is_no_curator_reads_only(
    curator: httpx.Client, http: httpx.Client, api_url: str, dataset: str, make_key: MakeKey
) -> None:
    run = ok(curator.post(f"/datasets/{dataset}/runs", json={"models": [MODEL]}))["id"]
    split = ok(curator.post(f"/datasets/{dataset}/splits", json={"name": "x"}))["id"]
    snapshot = ok(curator.post(f"/datasets/{dataset}/snapshots", json={"name": "x"}))["id"]
    reads = [
        *(f"/datasets/{dataset}/{name}" for name in ("runs", "splits", "snapshots")),
        *(f"/runs/{run}", f"/splits/{split}", f"/splits/{split}/items?side=test", f"/splits/{split}/check"),
        *(f"/snapshots/{snapshot}", f"/snapshots/{snapshot}/export"),
    ]
    writes = {
        f"/datasets/{dataset}/uploads": {"file_id": "file-x"},
        f"/datasets/{dataset}/runs": {"models": [MODEL]},
        f"/datasets/{dataset}/splits": {"name": "x"},
        f"/datasets/{dataset}/snapshots": {"name": "x"},
        f"/runs/{run}/cancel": {},
        f"/splits/{split}/moves": {"items": [1], "side": "test"},
    }
    assert {http.get(path).status_code for path in reads} <= {200, 409}
    assert {http.post(path, json=body).status_code for path, body in writes.items()} == {403}
    headers = {"Authorization": f"Bearer {make_key('other', Role.CURATOR)}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as stranger:
        assert {stranger.get(path).status_code for path in reads} == {404}
        assert {stranger.post(path, json=body).status_code for path, body in writes.items()} == {404}


def test_a_run_that_is_asked_for_again_under_its_key_is_begun_once(curator: httpx.Client, dataset: str) -> None:
    path, wanted, key = f"/datasets/{dataset}/runs", {"models": [MODEL]}, {"Idempotency-Key": "once"}
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: ok(curator.post(path, json=wanted, headers=key))["id"], range(4)))
    assert len(set(answers)) == 1
    other = curator.post(path, json=wanted | {"parameters": {"seed": 1}}, headers=key)
    assert code_of(other) == (409, "idempotency_key_reused")
    assert [run["id"] for run in ok(curator.get(path))["data"]] == answers[:1]


def test_a_key_under_which_nothing_could_be_begun_is_free(curator: httpx.Client, dataset: str) -> None:
    path, key = f"/datasets/{dataset}/runs", {"Idempotency-Key": "once"}
    assert curator.post(path, json={"models": ["unknown"]}, headers=key).status_code == 404
    ok(curator.post(path, json={"models": [MODEL]}, headers=key))
