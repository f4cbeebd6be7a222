"""A system on databases that somebody else runs, as in production."""

from pathlib import Path

from tests.acceptance.test_contract import lines_of, request, submit, wait
from tests.system import started


def test_servers_named_by_settings_replace_the_embedded_ones(
    empty_database_url: str, valkey_url: str, server_dir: Path
) -> None:
    folder = server_dir / "own-servers"
    own = {"DATABASE_URL": empty_database_url, "REDIS_URL": valkey_url}
    with started(folder, "--engine=stub", "--model=tiny=tiny", environment=own) as system:
        assert set(system.running.processes) == {"api", "ui", "flower", "beat", "cpu", "gpu0"}
        client = system.client()
        batch = wait(client, submit(client, [request(n) for n in range(20)]))
        assert batch.status == "completed"
        assert len(lines_of(client, batch.output_file_id)) == 20
    assert not (folder / "postgres").exists()
    assert not (folder / "valkey").exists()


def test_two_systems_on_the_same_servers_tell_their_workers_apart(
    empty_database_url: str, valkey_url: str, server_dir: Path
) -> None:
    own = {"DATABASE_URL": empty_database_url, "REDIS_URL": valkey_url}
    second = server_dir / "second"
    with started(server_dir / "first", "--engine=stub", environment=own) as system:
        # Its database has a key already, so it makes none.
        second.mkdir()
        (second / "first-key").write_text(system.key)
        with started(second, "--engine=stub", environment=own), system.http() as http:
            workers = http.get("/health").json()["workers"]
    assert len({worker["name"] for worker in workers}) == 2
    assert all(worker["name"].startswith("gpu0-") for worker in workers)
