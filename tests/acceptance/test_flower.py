"""What docs/operations.md says about Flower's HTTP API."""

from pathlib import Path

import httpx

from tests.system import started

OPERATOR = ("ops", "secret")


def test_flower_asks_who_calls_once_it_has_been_told_whom_to_know(server_dir: Path) -> None:
    folder, known = server_dir / "flower", {"FLOWER_BASIC_AUTH": ":".join(OPERATOR)}
    with started(folder, "--engine=stub", environment=known) as system:
        workers = f"{system.running.flower_url}/api/workers?refresh=1"
        assert httpx.get(workers).status_code == 401
        assert httpx.get(system.running.flower_url).status_code == 401
        names = httpx.get(workers, auth=OPERATOR, timeout=30).json().keys()
    assert {name.partition("-")[0] for name in names} == {"cpu", "gpu0"}


def test_without_that_its_pages_are_open_and_its_api_is_not(server_dir: Path) -> None:
    with started(server_dir / "open-flower", "--engine=stub") as system:
        assert httpx.get(system.running.flower_url).status_code == 200
        assert httpx.get(f"{system.running.flower_url}/api/workers").status_code == 401
