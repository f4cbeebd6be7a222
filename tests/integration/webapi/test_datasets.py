"""Curation over the API, as agents do it."""

import json
from typing import Any

import httpx
import pytest

from curation import imports
from inference.pages import BYTES
from schemas import ids
from schemas.database import session_scope
from schemas.states import Role
from tests.integration.curation.answers import dataset_of
from tests.integration.curation.conftest import run_batch
from tests.integration.webapi.conftest import MakeKey

TEXTS = [f"Is candidate {n} a fit?" for n in range(12)]


@pytest.fixture
def dataset(curator: httpx.Client) -> str:
    """Twelve examples."""
    batch_id = ids.show(ids.BATCH, run_batch(TEXTS))
    dataset_id: str = curator.post("/datasets", json={"name": "Evaluations"}).json()["id"]
    begun = curator.post(f"/datasets/{dataset_id}/imports", json={"batch_id": batch_id}).json()
    assert (begun["status"], begun["lines"], begun["imported"]) == ("running", len(TEXTS), 0)
    run_imports(dataset_id)
    return dataset_id


def run_imports(dataset_id: str) -> None:
    with session_scope() as session:
        from_id = ids.parse(ids.DATASET, dataset_id, LookupError)  # type: ignore[arg-type]
        begun = [one.id for one in session.query(imports.Import).filter_by(dataset_id=from_id)]
    for import_id in begun:
        imports.run(session_scope, import_id)


def examples(curator: httpx.Client, dataset: str, **view: str) -> list[dict[str, Any]]:
    answer = curator.get(f"/datasets/{dataset}/examples", params=view)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_a_dataset_says_what_is_in_it(curator: httpx.Client, dataset: str) -> None:
    shown = curator.get(f"/datasets/{dataset}").json()
    assert shown["counts"] == {"examples": 12, "needs_review": 12, "approved": 0, "rejected": 0, "gold": 0}
    taken_in = curator.get(f"/datasets/{dataset}/imports").json()["data"]
    assert [(one["status"], one["imported"]) for one in taken_in] == [("done", 12)]
    assert [one["id"] for one in curator.get("/datasets").json()["data"]] == [dataset]


def test_a_page_of_long_answers_ends_early_and_says_where_to_go_on(curator: httpx.Client) -> None:
    with session_scope() as session:
        dataset = ids.show(
            ids.DATASET, dataset_of(session, model=[f"{n} alike {'x' * (BYTES // 2)}" for n in range(4)]).id
        )
    first = curator.get(f"/datasets/{dataset}/examples").json()
    rest = curator.get(f"/datasets/{dataset}/examples", params={"after": first["next_after"]}).json()
    assert ([one["item"] for one in first["data"]], first["has_more"]) == ([1, 2], True)
    assert first["last_id"] == first["data"][-1]["id"]
    assert ([one["item"] for one in rest["data"]], rest["has_more"], rest["next_after"]) == ([3, 4], False, None)
    alike = curator.get(f"/examples/{first['last_id']}/similar").json()["data"]
    assert [one["item"] for one in alike] == [1, 3]


def test_an_example_has_what_was_asked_what_was_said_and_where_it_comes_from(
    curator: httpx.Client, dataset: str
) -> None:
    first = examples(curator, dataset)[0]
    assert first["messages"] == [{"role": "user", "content": TEXTS[0]}]
    assert first["output"].startswith("Stub answer")
    assert (first["custom_id"], first["source"]["line"], first["item"], first["version"]) == ("c-0", 1, 1, 1)
    assert curator.get(f"/examples/{first['id']}").json() == first


def test_pages_of_a_view_go_over_all_of_it(curator: httpx.Client, dataset: str) -> None:
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = curator.get(f"/datasets/{dataset}/examples", params={"limit": 5, "sort": "newest"} | after).json()
        seen += [example["custom_id"] for example in page["data"]]
        if not page["has_more"]:
            break
        after = {"after": page["next_after"]}
    assert seen == [f"c-{n}" for n in reversed(range(12))]


def test_a_view_is_changed_at_once_and_the_change_undone(curator: httpx.Client, dataset: str) -> None:
    wanted = {"view": {"q": "candidate 3"}, "change": {"status": "approved", "gold": True, "add_tags": ["fine"]}}
    done = curator.post(f"/datasets/{dataset}/changes", json=wanted).json()
    assert (done["examples"], done["change"]) == (1, wanted["change"])
    again = curator.post(f"/datasets/{dataset}/changes", json=wanted).json()
    assert (again["id"], again["examples"]) == (None, 0)
    (starred,) = examples(curator, dataset, gold="yes", tag="fine", status="approved")
    assert starred["custom_id"] == "c-3"
    undone = curator.post(f"/changes/{done['id']}/undo").json()
    assert (undone["examples"], undone["undoes"]) == (1, done["id"])
    assert curator.post(f"/changes/{done['id']}/undo").status_code == 409
    versions = curator.get(f"/examples/{starred['id']}/versions").json()["data"]
    assert [version["version"] for version in versions] == [3, 2]
    assert versions[0]["after"] == versions[1]["before"]
    assert {version["key"] for version in versions} == {"curator"}


def test_an_example_is_changed_while_its_version_is_the_latest(curator: httpx.Client, dataset: str) -> None:
    path = f"/examples/{examples(curator, dataset)[0]['id']}"
    changed = curator.post(path, json={"edited_output": "Hire.", "score": 0.5, "version": 1}).json()
    assert (changed["edited_output"], changed["score"], changed["version"]) == ("Hire.", 0.5, 2)
    refused = curator.post(path, json={"score": 0.7, "version": 1})
    assert refused.status_code == 409
    assert refused.json()["error"]["param"] == "version"
    assert curator.post(path, json={"score": None}).json()["score"] is None


def test_an_export_has_one_chat_on_each_line(curator: httpx.Client, dataset: str) -> None:
    example = examples(curator, dataset)[0]
    curator.post(f"/examples/{example['id']}", json={"edited_output": "Hire.", "status": "approved"})
    lines = curator.get(f"/datasets/{dataset}/chats.jsonl").text.splitlines()
    assert len(lines) == 12
    (line,) = curator.get(f"/datasets/{dataset}/chats.jsonl", params={"status": "approved"}).text.splitlines()
    assert json.loads(line) == {"messages": [*example["messages"], {"role": "assistant", "content": "Hire."}]}


def test_values_of_json_outputs_can_be_filtered(curator: httpx.Client, dataset: str) -> None:
    with session_scope() as session:
        session.execute(imports.text("UPDATE outputs SET fields = jsonb_build_object('score', item, 'ok', item > 6)"))
    assert len(examples(curator, dataset, **{"field.ok": "true"})) == 6
    assert [one["item"] for one in examples(curator, dataset, **{"field.score": "7"})] == [7]
    assert examples(curator, dataset, **{"field.score": "seven"}) == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"view": {"statsu": "approved"}, "change": {"gold": True}}, "statsu"),
        ({"view": {"status": "good"}, "change": {"gold": True}}, "status"),
        ({"view": {"gold": True}, "change": {"gold": True}}, "view.gold"),
        ({"view": {}, "change": {}}, None),
        ({"view": {}, "change": {"gold": "yes"}}, "gold"),
        ({"view": {}, "change": {"id": "x"}}, "id"),
        ({"view": {}, "change": {"notes": "nul \0"}}, "notes"),
        ({"view": {}}, "change"),
        ({"change": {"gold": True}}, "view"),
        ([], None),
    ],
)
def test_a_change_that_means_nothing_changes_nothing(
    curator: httpx.Client, dataset: str, body: Any, param: str | None
) -> None:
    content = json.dumps(body).encode()
    answer = curator.post(f"/datasets/{dataset}/changes", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    if param:
        assert answer.json()["error"]["param"] == param
    assert {example["version"] for example in examples(curator, dataset)} == {1}


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "nul \0", 7, None])
def test_a_dataset_has_a_name(curator: httpx.Client, name: object) -> None:
    assert curator.post("/datasets", json={"name": name}).status_code == 400


def test_who_is_no_curator_reads_only(
    curator: httpx.Client, http: httpx.Client, dataset: str, make_key: MakeKey
) -> None:
    del curator
    example = http.get(f"/datasets/{dataset}/examples").json()["data"][0]["id"]
    assert http.get(f"/datasets/{dataset}/chats.jsonl").status_code == 200
    for path, body in (
        ("/datasets", {"name": "x"}),
        (f"/datasets/{dataset}/changes", {"view": {}, "change": {"gold": True}}),
        (f"/examples/{example}", {"gold": True}),
    ):
        assert http.post(path, json=body).status_code == 403
    assert http.delete(f"/datasets/{dataset}").status_code == 403


def test_a_stranger_finds_nothing(curator: httpx.Client, api_url: str, dataset: str, make_key: MakeKey) -> None:
    example = examples(curator, dataset)[0]["id"]
    done = curator.post(f"/examples/{example}", json={"gold": True})
    assert done.status_code == 200
    change = curator.get(f"/examples/{example}/versions").json()["data"][0]["change_set_id"]
    headers = {"Authorization": f"Bearer {make_key('other', Role.CURATOR)}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as stranger:
        assert stranger.get("/datasets").json()["data"] == []
        reads = (f"/datasets/{dataset}", f"/datasets/{dataset}/examples", f"/examples/{example}")
        assert {stranger.get(path).status_code for path in reads} == {404}
        assert stranger.post(f"/changes/{change}/undo").status_code == 404
        assert stranger.post(f"/examples/{example}", json={"gold": False}).status_code == 404
        assert stranger.delete(f"/datasets/{dataset}").status_code == 404


def test_what_is_nested_as_deeply_as_it_may_be_is_listed_and_what_is_deeper_is_told(curator: httpx.Client) -> None:
    empty = curator.post("/datasets", json={"name": "Deep"}).json()["id"]
    # The request itself, its messages and the message are three levels.
    chat = b'{"messages":[{"role":"user","content":%b%b},{"role":"assistant","content":"No."}]}\n'
    lines = b"".join(chat % (b"[" * levels, b"]" * levels) for levels in (197, 198))
    file = curator.post("/files", data={"purpose": "user_data"}, files={"file": ("deep.jsonl", lines)}).json()["id"]
    curator.post(f"/datasets/{empty}/uploads", json={"file_id": file})
    run_imports(empty)
    (taken,) = curator.get(f"/datasets/{empty}/imports").json()["data"]
    assert [(error["line"], error["code"]) for error in taken["errors"]] == [(2, "nested_too_deeply")]
    assert len(examples(curator, empty)) == 1


def test_a_deleted_dataset_is_gone(curator: httpx.Client, dataset: str) -> None:
    example = examples(curator, dataset)[0]["id"]
    assert curator.delete(f"/datasets/{dataset}").json() == {"id": dataset, "object": "dataset", "deleted": True}
    assert curator.get(f"/datasets/{dataset}").status_code == 404
    assert curator.get(f"/examples/{example}").status_code == 404


@pytest.mark.parametrize(
    "view",
    [
        {"status": "needs_review", "limit": "100"},
        {"after": "ex_1"},
        {"tag": " "},
        {"field.a\0": "1"},
        {"field.a": '"\\u0000"'},
        {"from.nothing": "1"},
    ],
)
def test_what_says_nothing_of_a_view_changes_nothing(curator: httpx.Client, dataset: str, view: dict[str, str]) -> None:
    """Above all not everything instead."""
    answer = curator.post(f"/datasets/{dataset}/changes", json={"view": view, "change": {"status": "approved"}})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert curator.get(f"/datasets/{dataset}").json()["counts"]["approved"] == 0


def test_a_stream_that_can_not_be_begun_is_refused_at_once(curator: httpx.Client, dataset: str) -> None:
    assert curator.get(f"/datasets/{dataset}/chats.jsonl", params={"from.nothing": "1"}).status_code == 400
