"""Reviewing over the API: an agent and a person share a queue."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from curation import imports, queue_making
from schemas import ids
from schemas.database import session_scope
from schemas.errors import QueueNotFound
from schemas.states import Role
from schemas.tables import Import
from tests.integration.curation.answers import dataset_of
from tests.integration.curation.conftest import run_batch
from tests.integration.webapi.conftest import MakeKey

SignIn = Callable[..., httpx.Client]


@pytest.fixture
def sign_in(api_url: str, make_key: MakeKey) -> Iterator[SignIn]:
    with ExitStack() as stack:

        def client(name: str, role: Role = Role.CURATOR, tenant: str = "acme") -> httpx.Client:
            headers = {"Authorization": f"Bearer {make_key(name, role, tenant=tenant)}"}
            return stack.enter_context(httpx.Client(base_url=f"{api_url}/v1", headers=headers))

        yield client


@pytest.fixture
def anna(sign_in: SignIn) -> httpx.Client:
    return sign_in("anna")


@pytest.fixture
def agent(sign_in: SignIn) -> httpx.Client:
    return sign_in("agent")


@pytest.fixture
def dataset(anna: httpx.Client) -> str:
    """Five examples."""
    batch_id = ids.show(ids.BATCH, run_batch([f"Is candidate {n} a fit?" for n in range(5)]))
    dataset_id: str = anna.post("/datasets", json={"name": "Evaluations"}).json()["id"]
    anna.post(f"/datasets/{dataset_id}/imports", json={"batch_id": batch_id})
    with session_scope() as session:
        begun = [one.id for one in session.query(Import)]
    for import_id in begun:
        imports.run(session_scope, import_id)
    return dataset_id


def make_queue(client: httpx.Client, dataset: str, **options: Any) -> str:
    answer = client.post("/queues", json={"dataset_id": dataset, "name": "Spring"} | options)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def post(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_queue_says_what_it_was_made_of_and_how_far_it_is(anna: httpx.Client, dataset: str) -> None:
    options = {"view": {"q": "candidate"}, "sort": "random", "seed": 7, "people": ["anna"]}
    queue = make_queue(anna, dataset, **options)
    shown = anna.get(f"/queues/{queue}").json()
    assert {name: shown[name] for name in ("dataset_id", "name", *options)} == {
        "dataset_id": dataset,
        "name": "Spring",
        **options,
    }
    assert shown["status"] == "open"
    assert shown["counts"] == {"items": 5, "decided": 0, "disputed": 0}
    assert shown["reviewers"] == []
    assert [one["id"] for one in anna.get("/queues").json()["data"]] == [queue]
    assert anna.delete(f"/queues/{queue}").json() == {"id": queue, "object": "queue", "deleted": True}
    assert anna.get(f"/queues/{queue}").status_code == 404


def test_a_large_queue_is_made_by_a_worker(anna: httpx.Client) -> None:
    with session_scope() as session:
        large = dataset_of(session, model=["Yes."] * (queue_making.AT_ONCE + 1))
    queue = make_queue(anna, ids.show(ids.DATASET, large.id))
    shown = anna.get(f"/queues/{queue}").json()
    assert (shown["status"], shown["problem"], shown["counts"]["items"]) == ("making", None, 0)
    refused = anna.post(f"/queues/{queue}/next", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "invalid_status")
    for _ in range(2):
        queue_making.run(session_scope, ids.parse(ids.QUEUE, queue, QueueNotFound))
    shown = anna.get(f"/queues/{queue}").json()
    assert (shown["status"], shown["counts"]["items"]) == ("open", 2001)
    assert post(anna, f"/queues/{queue}/next")["item"]["place"] == 1
    other = make_queue(anna, ids.show(ids.DATASET, large.id))
    assert anna.delete(f"/queues/{other}").status_code == 200


def test_an_agent_and_a_person_share_a_queue(anna: httpx.Client, agent: httpx.Client, dataset: str) -> None:
    queue = make_queue(anna, dataset)
    hers = post(anna, f"/queues/{queue}/next")["item"]
    its = post(agent, f"/queues/{queue}/next")["item"]
    assert (hers["place"], its["place"]) == (1, 2)
    assert hers["example"]["messages"] == [{"role": "user", "content": "Is candidate 0 a fit?"}]
    assert post(agent, f"/queues/{queue}/next", beside=[2])["item"]["place"] == 3
    done = post(anna, f"/queues/{queue}/items/1/review", status="approved", score=0.9, add_tags=["fine"])
    assert (done["state"], done["submitted"], done["review"]["score"]) == ("decided", True, 0.9)
    assert (done["example"]["status"], done["example"]["tags"]) == ("approved", ["fine"])
    assert anna.post(f"/queues/{queue}/items/2/review", json={"status": "rejected"}).status_code == 409
    assert post(agent, f"/queues/{queue}/items/2/skip")["held_until"] is None
    post(agent, f"/queues/{queue}/items/3/release")
    assert post(agent, f"/queues/{queue}/next")["item"]["place"] == 3
    assert post(anna, f"/queues/{queue}/items/1/withdraw")["example"]["status"] == "needs_review"
    seen = {one["key"]: (one["reviews"], one["holds"]) for one in anna.get(f"/queues/{queue}").json()["reviewers"]}
    assert seen == {"anna": (0, 1), "agent": (0, 1)}


def test_a_queue_comes_to_its_end(agent: httpx.Client, dataset: str) -> None:
    queue = make_queue(agent, dataset)
    while item := post(agent, f"/queues/{queue}/next")["item"]:
        post(agent, f"/queues/{queue}/items/{item['place']}/review", status="rejected")
    assert post(agent, f"/queues/{queue}/next")["counts"] == {"items": 5, "decided": 5, "disputed": 0}
    assert agent.get(f"/datasets/{dataset}").json()["counts"]["rejected"] == 5


def test_reviews_are_blind_until_they_differ_and_somebody_chooses(
    anna: httpx.Client, agent: httpx.Client, sign_in: SignIn, dataset: str
) -> None:
    queue = make_queue(anna, dataset, reviews_each=2)
    post(anna, f"/queues/{queue}/items/1/review", status="approved", edited_output="Hers.")
    seen = post(agent, f"/queues/{queue}/next")["item"]
    assert (seen["place"], seen["review"], seen["example"]["edited_output"]) == (1, {}, None)
    assert agent.get(f"/queues/{queue}/disputes").json()["data"] == []
    assert post(agent, f"/queues/{queue}/items/1/review", status="rejected")["state"] == "disputed"
    (dispute,) = agent.get(f"/queues/{queue}/disputes").json()["data"]
    assert [(one["key"], one["change"]["status"]) for one in dispute["reviews"]] == [
        ("anna", "approved"),
        ("agent", "rejected"),
    ]
    third = sign_in("third")
    path = f"/queues/{queue}/items/1/decision"
    both = {"review_of": dispute["reviews"][0]["key_id"], "change": {"status": "approved"}}
    for body in ({}, both, {"review_of": "key_x"}, {"change": {"score": 1}}):
        assert third.post(path, json=body).status_code in (400, 404)
    decided = post(third, path, review_of=dispute["reviews"][0]["key_id"])
    assert (decided["state"], decided["example"]["edited_output"]) == ("decided", "Hers.")
    assert third.post(path, json={"change": {"status": "rejected"}}).status_code == 409
    agreement = anna.get(f"/queues/{queue}/agreement").json()
    assert (agreement["status"]["answers"], agreement["status"]["percent"]) == (1, 0.0)
    assert agreement["status"]["words"].startswith("Too few")
    assert agreement["pairs"][0]["matrix"] in ([[0, 1], [0, 0]], [[0, 0], [1, 0]])


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"sort": "best"}, "sort"),
        ({"view": {"statsu": "x"}}, "statsu"),
        ({"view": {"status": "approved"}}, "view"),
        ({"people": ["nobody"]}, "people"),
        ({"reviews_each": 0}, "reviews_each"),
        ({"reviews_each": 2**70}, "reviews_each"),
        ({"limit": 0}, "limit"),
        ({"seed": -1}, "seed"),
        ({"name": " "}, "name"),
    ],
)
def test_a_queue_that_means_nothing_is_refused(
    anna: httpx.Client, dataset: str, options: dict[str, Any], param: str
) -> None:
    answer = anna.post("/queues", json={"dataset_id": dataset, "name": "Spring"} | options)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("body", [{"status": "good"}, {"score": 0.5}, {}, {"id": "x"}])
def test_a_review_that_means_nothing_is_refused(anna: httpx.Client, dataset: str, body: dict[str, Any]) -> None:
    queue = make_queue(anna, dataset)
    assert anna.post(f"/queues/{queue}/items/1/review", json=body).status_code == 400
    assert anna.post(f"/queues/{queue}/items/99999999999/review", json={"status": "approved"}).status_code == 404


def test_who_is_no_curator_only_looks_and_a_stranger_finds_nothing(
    anna: httpx.Client, sign_in: SignIn, dataset: str
) -> None:
    queue = make_queue(anna, dataset, people=["anna"])
    viewer, stranger, other = (
        sign_in("viewer", Role.VIEWER),
        sign_in("stranger", tenant="others"),
        sign_in("other"),
    )
    assert viewer.get(f"/queues/{queue}").status_code == 200
    reads = (f"/queues/{queue}", f"/queues/{queue}/disputes", f"/queues/{queue}/agreement")
    assert {stranger.get(path).status_code for path in reads} == {404}
    assert stranger.get("/queues").json()["data"] == []
    writes = [f"/queues/{queue}/{what}" for what in ("next", "items/1/skip", "items/1/release", "items/1/withdraw")]
    for client, status in ((viewer, 403), (stranger, 404), (other, 403)):
        assert {client.post(path, json={}).status_code for path in writes} == {status}
        assert client.post(f"/queues/{queue}/items/1/review", json={"status": "approved"}).status_code == status
    assert other.post(f"/queues/{queue}/next").json()["error"]["code"] == "not_assigned"
    assert stranger.delete(f"/queues/{queue}").status_code == 404
    assert stranger.post("/queues", json={"dataset_id": dataset, "name": "x"}).status_code == 404
