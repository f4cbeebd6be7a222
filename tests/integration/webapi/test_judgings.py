"""Models that judge others, over the API."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from curation.judge_prompt import CRITERIA
from schemas import ids
from schemas.actions import Action
from schemas.database import session_scope
from schemas.errors import JudgingNotFound
from schemas.states import Role
from schemas.tables import AuditEntry, Comparison
from tests.integration.curation.judging import answered, judge_to_its_end, prefers
from tests.integration.inference.batch_fixtures import MODEL
from tests.integration.webapi.conftest import MakeKey

WANTED = {"models": ["large", "small"], "judge": MODEL}


@pytest.fixture
def curator(api_url: str, make_key: MakeKey) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {make_key('curator', Role.CURATOR, tenant='acme')}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as client:
        yield client


@pytest.fixture
def dataset(curator: httpx.Client) -> str:
    with session_scope() as session:
        said = {model: [f"{model} says {n}" for n in range(4)] for model in ("large", "small")}
        return f"/datasets/{ids.show(ids.DATASET, answered(session, **said).id)}"


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def id_of(judging: dict[str, Any]) -> UUID:
    return ids.parse(ids.JUDGING, judging["id"], JudgingNotFound)


def test_a_judging_that_is_asked_for_again_under_its_key_is_begun_once(curator: httpx.Client, dataset: str) -> None:
    key = {"Idempotency-Key": "once"}
    first, again = (ok(curator.post(f"{dataset}/judgings", json=WANTED, headers=key)) for _ in range(2))
    assert first["id"] == again["id"]
    other = curator.post(f"{dataset}/judgings", json=WANTED | {"criteria": "Shorter."}, headers=key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    ok(curator.post(f"{dataset}/judgings", json=WANTED))
    assert len(ok(curator.get(f"{dataset}/judgings"))["data"]) == 2


def test_who_cancels_a_judging_is_told(curator: httpx.Client, dataset: str) -> None:
    begun = ok(curator.post(f"{dataset}/judgings", json=WANTED))
    ok(curator.post(f"/judgings/{begun['id']}/cancel"))
    with session_scope() as session:
        (noted,) = session.query(AuditEntry).filter_by(action=Action.JUDGING_CANCELLED).all()
    assert (noted.subject, noted.who) == (begun["id"], "curator")


def test_a_judging_is_begun_watched_and_read(curator: httpx.Client, dataset: str) -> None:
    begun = ok(curator.post(f"{dataset}/judgings", json=WANTED))
    assert (begun["status"], begun["request_counts"]) == ("running", {"total": 8, "completed": 0, "failed": 0})
    assert (begun["judge"], begun["criteria"], begun["models"]) == (MODEL, CRITERIA, ["large", "small"])
    with session_scope() as session:
        (noted,) = session.query(AuditEntry).filter_by(action=Action.JUDGING_BEGUN).all()
    assert (noted.subject, noted.details["judge"]) == (begun["id"], MODEL)
    judge_to_its_end(id_of(begun), prefers("small"))
    done = ok(curator.get(f"/judgings/{begun['id']}"))
    assert (done["status"], done["unreadable"], done["problems"]) == ("done", 0, [])
    assert ok(curator.get(f"/batches/{done['batch_ids'][0]}"))["metadata"]["judging"] == done["id"]
    small = done["win_rates"][1]
    assert (small["model"], small["wins"], small["says"]) == ("small", 4, "too few to say")
    assert done["people_win_rates"] == []
    assert done["orders"] == {
        "judged": 4, "same": 0, "disagree": 0, "first_place": 0, "second_place": 0, "bias": 0.0,
    }  # fmt: skip
    assert done["beside_people"]["kappa"] is None
    assert "Too few to say" in done["beside_people"]["says"]
    assert [one["id"] for one in ok(curator.get(f"{dataset}/judgings"))["data"]] == [done["id"]]
    page = ok(curator.get(f"/judgings/{done['id']}/verdicts", params={"limit": 3}))
    assert page["has_more"]
    told = [(one["item"], one["winner"], one["said"]) for one in page["data"]]
    assert told == [(n, "small", "BA") for n in (1, 2, 3)]
    assert page["data"][0]["reasons"] == ["It says small."] * 2
    rest = ok(curator.get(f"/judgings/{done['id']}/verdicts", params={"after": 3}))
    assert [one["item"] for one in rest["data"]] == [4]
    assert ok(curator.get(f"/judgings/{done['id']}/verdicts", params={"which": "orders"}))["data"] == []
    assert curator.get(f"/judgings/{done['id']}/verdicts", params={"which": "some"}).status_code == 400
    assert curator.post(f"/judgings/{done['id']}/cancel").json()["error"]["code"] == "invalid_status"


def test_a_judging_is_cancelled(curator: httpx.Client, dataset: str) -> None:
    begun = ok(curator.post(f"{dataset}/judgings", json=WANTED))
    assert ok(curator.post(f"/judgings/{begun['id']}/cancel"))["status"] == "cancelling"
    assert judge_to_its_end(id_of(begun), prefers("small")).status == "cancelled"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"models": ["large"]}, 400),
        ({"models": ["large", "large"]}, 400),
        ({"models": ["large", "unknown"]}, 400),
        ({"judge": "no-such-model"}, 404),
        ({"judge": None}, 400),
        ({"criteria": "x" * 2001}, 400),
        ({"criteria": "\0"}, 400),
        ({"completion_window": "1s"}, 400),
    ],
)
def test_a_judging_that_can_not_be_is_refused(
    curator: httpx.Client, dataset: str, body: dict[str, Any], status: int
) -> None:
    assert curator.post(f"{dataset}/judgings", json=WANTED | body if body else {}).status_code == status
    assert ok(curator.get(f"{dataset}/judgings"))["data"] == []


def test_a_stranger_finds_nothing_and_who_is_no_curator_reads_only(
    curator: httpx.Client, http: httpx.Client, api_url: str, dataset: str, make_key: MakeKey
) -> None:
    judging = ok(curator.post(f"{dataset}/judgings", json=WANTED))["id"]
    reads = [f"{dataset}/judgings", f"/judgings/{judging}", f"/judgings/{judging}/verdicts"]
    writes = {f"{dataset}/judgings": WANTED, f"/judgings/{judging}/cancel": {}}
    assert {http.get(path).status_code for path in reads} == {200}
    assert {http.post(path, json=body).status_code for path, body in writes.items()} == {403}
    headers = {"Authorization": f"Bearer {make_key('other', Role.CURATOR)}"}
    with httpx.Client(base_url=f"{api_url}/v1", headers=headers) as stranger:
        assert {stranger.get(path).status_code for path in reads} == {404}
        assert {stranger.post(path, json=body).status_code for path, body in writes.items()} == {404}


def test_a_judging_that_has_ended_is_deleted_with_its_verdicts(
    curator: httpx.Client, http: httpx.Client, dataset: str
) -> None:
    begun, kept = (ok(curator.post(f"{dataset}/judgings", json=WANTED)) for _ in range(2))
    path = f"/judgings/{begun['id']}"
    assert curator.delete(path).json()["error"]["code"] == "invalid_status"
    for judging in (begun, kept):
        judge_to_its_end(id_of(judging), prefers("small"))
    assert http.delete(path).status_code == 403
    assert ok(curator.delete(path)) == {"id": begun["id"], "object": "judging", "deleted": True}
    assert curator.get(path).status_code == curator.delete(path).status_code == 404
    with session_scope() as session:
        (noted,) = session.query(AuditEntry).filter_by(action=Action.JUDGING_DELETED).all()
        left = session.scalars(select(Comparison.judging_id)).all()
    assert (noted.subject, noted.details["judge"]) == (begun["id"], MODEL)
    assert left == [id_of(kept)] * 4
