"""What the API tells the audit log, and how administrators read it."""

import time

import httpx
import pytest
from openai import OpenAI

from schemas.states import Role
from tests.integration.webapi.conftest import MakeKey


@pytest.fixture
def admin(api_url: str, make_key: MakeKey) -> httpx.Client:
    headers = {"Authorization": f"Bearer {make_key('root', Role.ADMIN)}"}
    return httpx.Client(base_url=f"{api_url}/v1", headers=headers)


def told(admin: httpx.Client, **query: str | int) -> list[tuple[str, str]]:
    answer = admin.get("/audit", params=query)
    assert answer.status_code == 200, answer.text
    return [(entry["action"], entry["subject"]) for entry in answer.json()["data"]]


def test_keys_that_come_and_go_are_told(admin: httpx.Client) -> None:
    key_id = admin.post("/keys", json={"name": "ci", "role": "user"}).json()["id"]
    admin.delete(f"/keys/{key_id}")
    assert told(admin) == [("key_revoked", key_id), ("key_created", key_id)]
    (entry,) = admin.get("/audit", params={"action": "key_created"}).json()["data"]
    assert entry["details"] == {"name": "ci", "role": "user", "tenant": "ci"}
    assert (entry["who"], entry["tenant"], entry["address"]) == ("root", "root", "127.0.0.1")
    assert entry["made_at"] == pytest.approx(time.time(), abs=60)


def test_a_download_is_told_once_a_minute(admin: httpx.Client, client: OpenAI) -> None:
    file = client.files.create(file=("a.jsonl", b"{}\n"), purpose="batch")
    for _ in range(3):
        client.files.content(file.id)
    assert told(admin, who="acme") == [("data_downloaded", file.id)]


def test_a_role_that_is_too_low_is_told(admin: httpx.Client, http: httpx.Client) -> None:
    assert http.get("/keys").status_code == 403
    assert http.post("/datasets", json={"name": "x"}).status_code == 403
    assert told(admin) == [("role_refused", "datasets.create_dataset"), ("role_refused", "keys.list_keys")]


def test_what_fails_is_not_told(admin: httpx.Client) -> None:
    admin.post("/keys", json={"name": "ci", "role": "user"})
    assert admin.post("/keys", json={"name": "ci", "role": "user"}).status_code == 409
    assert admin.delete("/datasets/ds_nothing").status_code == 404
    assert [action for action, _ in told(admin)] == ["key_created"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.USER, Role.CURATOR])
def test_only_administrators_read_the_log(api_url: str, make_key: MakeKey, role: Role) -> None:
    headers = {"Authorization": f"Bearer {make_key('someone', role)}"}
    assert httpx.get(f"{api_url}/v1/audit", headers=headers).status_code == 403


def test_the_log_is_filtered_and_paged(admin: httpx.Client) -> None:
    keys = [admin.post("/keys", json={"name": f"k{n}", "role": "user"}).json()["id"] for n in range(3)]
    first = admin.get("/audit", params={"limit": 2}).json()
    assert first["has_more"]
    assert told(admin, after=first["last_id"]) == [("key_created", keys[0])]
    assert told(admin, since=int(time.time()) + 60) == []
    assert len(told(admin, until=int(time.time()) + 60)) == 3
    assert told(admin, who="nobody") == []


@pytest.mark.parametrize("query", ["action=x", "after=x", "since=-1", "until=99999999999999", "limit=0", "who=%00"])
def test_a_question_that_means_nothing_is_refused(admin: httpx.Client, query: str) -> None:
    assert admin.get(f"/audit?{query}").status_code == 400
