from collections.abc import Callable

import httpx
import pytest

from schemas.states import Role

MakeKey = Callable[..., str]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def admin(api_url: str, make_key: MakeKey) -> httpx.Client:
    return httpx.Client(base_url=f"{api_url}/v1", headers=bearer(make_key("root", Role.ADMIN)))


def test_a_key_is_shown_once(admin: httpx.Client) -> None:
    created = admin.post("/keys", json={"name": "ci", "role": "user"}).json()
    assert created["key"].startswith("vbs-")
    (listed,) = (key for key in admin.get("/keys").json()["data"] if key["id"] == created["id"])
    assert "key" not in listed
    assert created["key"] not in str(listed)
    assert (listed["tenant"], listed["role"], listed["revoked_at"]) == ("ci", "user", None)


def test_a_revoked_key_no_longer_works(admin: httpx.Client) -> None:
    created = admin.post("/keys", json={"name": "ci", "role": "user", "tenant": "acme"}).json()
    revoked = admin.delete(f"/keys/{created['id']}").json()
    assert revoked["revoked_at"] is not None
    answer = admin.get("/files", headers=bearer(created["key"]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert admin.delete(f"/keys/{created['id']}").json()["revoked_at"] == revoked["revoked_at"]


def test_a_second_valid_key_of_the_same_name_is_a_conflict(admin: httpx.Client) -> None:
    admin.post("/keys", json={"name": "ci", "role": "user"})
    answer = admin.post("/keys", json={"name": "ci", "role": "user"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (409, "name_taken", "name")


@pytest.mark.parametrize("path", ["/files", "/uploads", "/batches", "/models", "/webhooks", "/keys"])
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer vbs-wrong", "Basic dmJzLQ==", "Bearer \xff"])
def test_without_a_known_key_nothing_opens(api_url: str, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for method in ("GET", "POST"):
        if (method, path) in {("GET", "/uploads"), ("POST", "/models")}:
            continue
        answer = httpx.request(method, f"{api_url}/v1{path}", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_viewer_reads_and_submits_nothing(api_url: str, make_key: MakeKey) -> None:
    headers = bearer(make_key("reader", Role.VIEWER))
    assert httpx.get(f"{api_url}/v1/batches", headers=headers).status_code == 200
    answer = httpx.post(f"{api_url}/v1/batches", headers=headers, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_permissions")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.USER, Role.CURATOR])
def test_only_administrators_see_and_make_keys(api_url: str, make_key: MakeKey, role: Role) -> None:
    headers = bearer(make_key("someone", role))
    assert httpx.get(f"{api_url}/v1/keys", headers=headers).status_code == 403
    assert httpx.post(f"{api_url}/v1/keys", headers=headers, json={"name": "x", "role": "admin"}).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"role": "user"}, "name"),
        ({"name": "", "role": "user"}, "name"),
        ({"name": "a\0", "role": "user"}, "name"),
        ({"name": "a", "role": "king"}, "role"),
        ({"name": "a", "role": "user", "stored_bytes": -1}, "stored_bytes"),
        ({"name": "a", "role": "user", "requests_per_minute": 2**40}, "requests_per_minute"),
    ],
)
def test_a_key_that_does_not_fit_is_refused_by_name(admin: httpx.Client, wanted: dict[str, object], param: str) -> None:
    answer = admin.post("/keys", json=wanted)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_two_keys_of_one_tenant_see_the_same_files(api_url: str, admin: httpx.Client) -> None:
    keys = [admin.post("/keys", json={"name": name, "role": "user", "tenant": "acme"}).json()["key"] for name in "ab"]
    form = {"purpose": "batch"}
    file = admin.post("/files", headers=bearer(keys[0]), data=form, files={"file": ("a", b"{}")}).json()
    assert admin.get(f"/files/{file['id']}", headers=bearer(keys[1])).json() == file
