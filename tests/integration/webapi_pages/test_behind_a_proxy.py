import httpx
import pytest

from schemas.settings import settings

ASKED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "batches.example"}


@pytest.fixture
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("VBS_TRUSTED_PROXIES", "1")
    settings.cache_clear()


@pytest.mark.usefixtures("behind_a_proxy")
def test_addresses_are_those_that_the_proxy_was_asked_for(api: httpx.Client) -> None:
    assert "https://batches.example/v1" in api.get("/", headers=ASKED).text


@pytest.mark.usefixtures("behind_a_proxy")
def test_a_session_that_began_over_https_is_never_sent_in_clear(ui_url: str) -> None:
    assert "Secure" in httpx.get(f"{ui_url}/sign-in", headers=ASKED).headers["set-cookie"]


def test_without_a_proxy_nobody_is_believed(api: httpx.Client, ui_url: str) -> None:
    assert "batches.example" not in api.get("/", headers=ASKED).text
    assert "Secure" not in httpx.get(f"{ui_url}/sign-in", headers=ASKED).headers["set-cookie"]
