"""A system with something on every page: batches, files, datasets and examples, some of them hostile. Over the API."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from schemas.text import storable
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line
from tests.integration.webapi_pages.conftest import Visitor
from tests.system import System
from tests.ui.attacks import ATTACKS, LONG_WORD

ENDED_SECONDS = 60.0
LONGEST_LABEL = 50
TASK = "spring"
QUESTIONS = tuple(f"Is candidate {number} a fit for nursing? Answer with your reasons." for number in range(1, 13))


@dataclass(frozen=True)
class Filled:
    system: System
    # Of somebody whose name is hostile too.
    key: str
    # Pages with much on them.
    batch: str
    dataset: str
    example: str
    # By attack, pages that show it.
    batches: Mapping[str, str]
    datasets: Mapping[str, str]
    examples: Mapping[str, str]

    @property
    def full_pages(self) -> list[str]:
        # Of the tasks one that can be changed, which those that are built in can't.
        return [self.batch, self.dataset, self.example, f"/tasks/{TASK}"]


def fill(system: System) -> Filled:
    with system.http() as http:
        batch_id = submit(http, "Spring candidates", [*QUESTIONS, *map(storable, ATTACKS.values())])
        named = {attack: submit_bad(http, storable(text)) for attack, text in ATTACKS.items()}
        datasets = {attack: call(http, "datasets", name=storable(text)[:200])["id"] for attack, text in ATTACKS.items()}
        wait_for(lambda: has_ended(http, batch_id))
        dataset_id = call(http, "datasets", name="Spring candidates")["id"]
        call(http, f"datasets/{dataset_id}/imports", batch_id=batch_id)
        wait_for(lambda: is_taken_in(http, dataset_id))
        found = http.get(f"/v1/datasets/{dataset_id}/examples", params={"limit": 200}).json()["data"]
        ordinary, hostile = found[: len(QUESTIONS)], dict(zip(ATTACKS, found[len(QUESTIONS) :], strict=True))
        review(http, dataset_id, ordinary)
        curate(http, dataset_id)
        builtin = http.get("/v1/task-schemas/classification").json()["schema"]
        call(http, "task-schemas", **builtin | {"name": TASK, "title": "Spring"})
        for attack, example in hostile.items():
            change_everything(http, example["id"], storable(ATTACKS[attack]))
        name = storable(ATTACKS["script"] + ATTACKS["right to left"])
        owner = http.get("/v1/keys").json()["data"][0]["tenant"]
        key = call(http, "keys", name=f"{time.time()} {name}"[:128], role="admin", tenant=owner)["key"]
    add_people(system)
    return Filled(
        system,
        key,
        f"/batches/{batch_id}",
        f"/datasets/{dataset_id}",
        f"/examples/{ordinary[0]['id']}",
        {attack: f"/batches/{public_id}" for attack, public_id in named.items()},
        {attack: f"/datasets/{public_id}" for attack, public_id in datasets.items()},
        {attack: f"/examples/{example['id']}" for attack, example in hostile.items()},
    )


def add_people(system: System) -> None:
    admin = Visitor(system.running.ui_url)
    admin.send("/sign-in", key=system.key)
    for name, role in (("Ada", "curator"), ("Grace", "viewer"), (LONG_WORD[:100], "user")):
        answer = admin.send("/people", name=name, role=role, password="correct horse battery")
        assert answer.status_code == 200, answer.text
    admin.http.close()


def call(http: httpx.Client, path: str, **body: Any) -> Any:
    answer = http.post(f"/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(http: httpx.Client, filename: str, content: bytes) -> str:
    answer = http.post("/v1/files", data={"purpose": "batch"}, files={"file": (filename, content)})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def create(http: httpx.Client, file_id: str, name: str) -> str:
    wanted = {"input_file_id": file_id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    return str(call(http, "batches", **wanted, metadata={"description": name[:512], "owner": name[:512]})["id"])


def submit(http: httpx.Client, name: str, texts: list[str]) -> str:
    lines = [chat_line(f"{number} {text}"[:60], text) for number, text in enumerate(texts, 1)]
    return create(http, upload(http, f"{name}.jsonl", as_jsonl(lines)), name)


def submit_bad(http: httpx.Client, name: str) -> str:
    """A batch that fails at once, and says why in the words of its file."""
    line = chat_line(name, name) | {name: name}
    return create(http, upload(http, name, as_jsonl([line, line]) + name.encode()), name)


def review(http: httpx.Client, dataset_id: str, examples: list[dict[str, Any]]) -> None:
    for number, example in enumerate(examples):
        change: dict[str, Any] = {"score": number / len(examples), "category": "nursing", "add_tags": ["spring"]}
        change["status"] = ("approved", "rejected", "approved", "needs_review")[number % 4]
        call(http, f"examples/{example['id']}", **change, gold=number % 4 == 0, notes="Short, and to the point.")
    call(http, f"examples/{examples[0]['id']}", edited_output="Yes: a fit.\nShe has worked on such a ward.")
    done = call(http, f"datasets/{dataset_id}/changes", view={"score_from": "0.9"}, change={"status": "rejected"})
    call(http, f"changes/{done['id']}/undo")


def curate(http: httpx.Client, dataset_id: str) -> None:
    """Everything that a dataset can have: another model's answers, scores, a judging, a split, an export, and more."""
    answered = as_jsonl([{"prompt": question, "completion": f"Yes. {question}"} for question in QUESTIONS[:3]])
    call(http, f"datasets/{dataset_id}/uploads", file_id=upload(http, "answered.jsonl", answered))
    wait_for(lambda: is_taken_in(http, dataset_id))
    model = http.get("/v1/models").json()["data"][0]["id"]
    for view in ({}, {"model": "file"}):
        run_id = call(http, f"datasets/{dataset_id}/runs", models=[model], view=view)["id"]
        wait_for(partial(is_run, http, run_id))
    call(http, f"datasets/{dataset_id}/scorings", scorer="length")
    choice = http.get(f"/v1/datasets/{dataset_id}/comparisons/next", params={"model": ["file", model]}).json()
    shown = [answer["example_id"] for answer in choice["answers"]]
    call(http, f"datasets/{dataset_id}/comparisons", shown=shown, winner=shown[0])
    call(http, f"datasets/{dataset_id}/judgings", models=["file", model], judge=model)
    call(http, f"datasets/{dataset_id}/splits", name="Spring")
    call(http, f"datasets/{dataset_id}/snapshots", name="Spring")
    call(http, "exports", dataset_id=dataset_id, format="chat")
    wait_for(lambda: all(one["status"] != "running" for one in http.get("/v1/exports").json()["data"]))
    # One that waits for whoever looks at the first page.
    call(http, "queues", dataset_id=dataset_id, name="Summer", reviews_each=2)
    dispute(http, dataset_id)


def dispute(http: httpx.Client, dataset_id: str) -> None:
    """A queue with an answer about which two people differ."""
    queue_id = call(http, "queues", dataset_id=dataset_id, name="Spring", reviews_each=2, limit=1)["id"]
    owner = http.get("/v1/keys").json()["data"][0]["tenant"]
    for number, status in enumerate(("approved", "rejected")):
        key = call(http, "keys", name=f"reviewer {number} {queue_id}", role="curator", tenant=owner)["key"]
        as_reviewer = {"Authorization": f"Bearer {key}"}
        item = http.post(f"/v1/queues/{queue_id}/next", json={}, headers=as_reviewer).json()["item"]
        path = f"/v1/queues/{queue_id}/items/{item['place']}/review"
        answer = http.post(path, json={"status": status}, headers=as_reviewer)
        assert answer.status_code == 200, answer.text


def change_everything(http: httpx.Client, example_id: str, text: str) -> None:
    label = "".join(filter(str.isprintable, text)).strip()[:LONGEST_LABEL]
    change = {"notes": text, "edited_output": text, "category": label, "add_tags": [label], "score": 0.5}
    call(http, f"examples/{example_id}", **change)


def has_ended(http: httpx.Client, batch_id: str) -> bool:
    return bool(http.get(f"/v1/batches/{batch_id}").json()["status"] == "completed")


def is_run(http: httpx.Client, run_id: str) -> bool:
    return bool(http.get(f"/v1/runs/{run_id}").json()["status"] == "done")


def is_taken_in(http: httpx.Client, dataset_id: str) -> bool:
    imports = http.get(f"/v1/datasets/{dataset_id}/imports").json()["data"]
    return all(this["status"] == "done" for this in imports)


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ENDED_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"not within {ENDED_SECONDS} seconds"
        time.sleep(0.1)
