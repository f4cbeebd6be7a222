"""What the API tells the audit log of all that is made of a dataset."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from curation import split_making
from schemas import ids
from schemas.database import session_scope
from schemas.errors import SplitNotFound
from schemas.states import Role
from schemas.tables import Dataset
from tests.integration.curation.runs import new_dataset, upload
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl
from tests.integration.webapi.conftest import MakeKey
from tests.unit.curation.task_schemas.documents import TASK, task

LINES = [{"prompt": f"Question {n}?", "completion": "Yes."} for n in range(1, 4)]


@pytest.fixture
def curator(api_url: str, make_key: MakeKey) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {make_key('ada', Role.CURATOR, tenant='acme')}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as client:
        yield client


@pytest.fixture
def admin(api_url: str, make_key: MakeKey) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {make_key('root', Role.ADMIN)}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as client:
        yield client


@pytest.fixture
def dataset(database_url: str) -> Dataset:
    made = new_dataset()
    upload(made, as_jsonl(LINES))
    return made


@pytest.fixture
def path(dataset: Dataset) -> str:
    return f"/datasets/{ids.show(ids.DATASET, dataset.id)}"


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(admin: httpx.Client) -> list[tuple[str, str, dict[str, Any]]]:
    """What ada did, in the order in which she did it; the dataset, which all of it is of, left out."""
    entries = ok(admin.get("/audit", params={"who": "ada"}))["data"]
    without = [{name: value for name, value in one["details"].items() if name != "dataset"} for one in entries]
    found = [(one["action"], one["subject"], details) for one, details in zip(entries, without, strict=True)]
    return found[::-1]


def test_runs_and_scorings_are_told(curator: httpx.Client, admin: httpx.Client, path: str) -> None:
    run = ok(curator.post(f"{path}/runs", json={"models": [MODEL]}))["id"]
    ok(curator.post(f"/runs/{run}/cancel"))
    ok(curator.post(f"{path}/scorings", json={"scorer": "length"}))
    ok(curator.delete(f"{path}/scorings/length"))
    dataset_id = path.rpartition("/")[2]
    assert told(admin) == [
        ("run_begun", run, {"models": [MODEL]}),
        ("run_cancelled", run, {}),
        ("scoring_begun", dataset_id, {"scorer": "length"}),
        ("scoring_removed", dataset_id, {"scorer": "length"}),
    ]
    (entry,) = ok(admin.get("/audit", params={"action": "run_begun"}))["data"]
    assert entry["details"]["dataset"] == dataset_id


def test_splits_and_snapshots_are_told(curator: httpx.Client, admin: httpx.Client, path: str) -> None:
    split = ok(curator.post(f"{path}/splits", json={"name": "First", "shares": {"train": 1}}))["id"]
    split_making.run(session_scope, ids.parse(ids.SPLIT, split, SplitNotFound))
    ok(curator.post(f"/splits/{split}/moves", json={"items": [1, 2], "side": "test"}))
    snapshot = ok(curator.post(f"{path}/snapshots", json={"name": "Now"}))["id"]
    assert len(curator.get(f"/snapshots/{snapshot}/export").text.splitlines()) == 3
    assert told(admin) == [
        ("split_created", split, {"name": "First"}),
        ("split_changed", split, {"moved": 2, "to": "test"}),
        ("snapshot_created", snapshot, {"name": "Now", "examples": 3}),
        ("data_downloaded", snapshot, {}),
    ]


def test_exports_and_queues_are_told(curator: httpx.Client, admin: httpx.Client, path: str) -> None:
    dataset_id = path.rpartition("/")[2]
    export = ok(curator.post("/exports", json={"dataset_id": dataset_id, "format": "chat"}))["id"]
    again = ok(curator.post(f"/exports/{export}/repeat"))["id"]
    ok(curator.delete(f"/exports/{export}"))
    queue = ok(curator.post("/queues", json={"dataset_id": dataset_id, "name": "Spring"}))["id"]
    ok(curator.delete(f"/queues/{queue}"))
    assert told(admin) == [
        ("export_begun", export, {"format": "chat"}),
        ("export_begun", again, {"format": "chat", "version": 2}),
        ("export_deleted", export, {"format": "chat"}),
        ("queue_created", queue, {"name": "Spring"}),
        ("queue_deleted", queue, {"name": "Spring"}),
    ]


def test_task_schemas_are_told(curator: httpx.Client, admin: httpx.Client) -> None:
    ok(curator.post("/task-schemas", json=TASK))
    ok(curator.post("/task-schemas/fit", json=task(title="Better")))
    ok(curator.delete("/task-schemas/fit"))
    ok(curator.post("/task-schemas/fit/restore"))
    ok(curator.post("/task-schemas/import", json={"schemas": [TASK, task(name="other")]}))
    assert told(admin) == [
        ("task_schema_saved", "fit@1", {}),
        ("task_schema_saved", "fit@2", {}),
        ("task_schema_archived", "fit", {}),
        ("task_schema_restored", "fit", {}),
        ("task_schema_saved", "fit@3", {}),
        ("task_schema_saved", "other@1", {}),
    ]


def test_what_earlier_clients_download_is_told(curator: httpx.Client, admin: httpx.Client, api_url: str) -> None:
    headers = {"Authorization": curator.headers["Authorization"]}
    assert httpx.get(f"{api_url}/api/export-gold-star", headers=headers).status_code == 200
    assert told(admin) == [("data_downloaded", "", {"gold": True})]


def test_what_is_refused_is_not_told(curator: httpx.Client, admin: httpx.Client, path: str) -> None:
    dataset_id = path.rpartition("/")[2]
    refused = {
        f"{path}/runs": {"models": []},
        f"{path}/scorings": {"scorer": "taste"},
        f"{path}/splits": {"name": " "},
        f"{path}/snapshots": {"name": " "},
        "/exports": {"dataset_id": dataset_id, "format": "xml"},
        "/queues": {"dataset_id": dataset_id, "name": "Spring", "view": {"q": "zebra"}},
        "/task-schemas": {"name": "x"},
    }
    assert {curator.post(address, json=body).status_code for address, body in refused.items()} == {400}
    assert told(admin) == []
