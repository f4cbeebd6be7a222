"""The embedded servers on data folders of every kind."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from cli.embedded import EmbeddedPostgres, EmbeddedServer, EmbeddedValkey
from cli.processes import wait_until
from schemas.errors import StartFailed


def remember(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (text text)")
        connection.execute("INSERT INTO remembered VALUES (%s)", [text])


def remembered(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [str(row[0]) for row in connection.execute("SELECT text FROM remembered")]


def modes_above(folder: Path) -> dict[Path, int]:
    return {parent: parent.stat().st_mode for parent in (folder, *folder.parents)}


def kill_hard(server: EmbeddedServer, folder: Path) -> None:
    """SIGKILL to everything that runs in a server's folder."""
    found = [process for process in psutil.Process().children(recursive=True) if _runs_in(process, folder)]
    assert found
    for process in found:
        process.kill()
    server.stop()


def _runs_in(process: psutil.Process, folder: Path) -> bool:
    """A backend whose connection has just ended is on its way out."""
    try:
        return bool(process.cwd() == str(folder))
    except psutil.Error:
        return False


def test_postgres_finds_its_data_again(open_folder: Path) -> None:
    for word in ("first", "second"):
        server = EmbeddedPostgres(open_folder)
        try:
            remember(server.start(), word)
        finally:
            server.stop()
    server = EmbeddedPostgres(open_folder)
    try:
        assert remembered(server.start()) == ["first", "second"]
    finally:
        server.stop()


def test_postgres_keeps_what_it_had_committed_when_it_is_killed(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder)
    remember(server.start(), "committed")
    kill_hard(server, open_folder / "postgres")
    server = EmbeddedPostgres(open_folder)
    try:
        assert remembered(server.start()) == ["committed"]
    finally:
        server.stop()


def test_postgres_starts_after_an_initialisation_that_was_cut_off(open_folder: Path) -> None:
    half_done = open_folder / "postgres.new"
    half_done.mkdir()
    (half_done / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(open_folder)
    try:
        remember(server.start(), "works")
    finally:
        server.stop()


def test_postgres_takes_a_data_folder_with_a_long_name(open_folder: Path) -> None:
    folder = open_folder / ("long" * 20) / ("longer" * 10)
    folder.mkdir(parents=True)
    server = EmbeddedPostgres(folder)
    try:
        remember(server.start(), "works")
    finally:
        server.stop()


def test_postgres_refuses_data_of_another_major_version(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder)
    server.start()
    server.stop()
    (open_folder / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(StartFailed, match="made by PostgreSQL 12"):
        EmbeddedPostgres(open_folder).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_as_root_a_closed_home_stays_closed(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    data = home / "data"
    data.mkdir(mode=0o700)
    before = modes_above(data)
    server = EmbeddedPostgres(data)
    try:
        remember(server.start(), "works")
        assert modes_above(data) == before
        server.stop()
        assert remembered(server.start()) == ["works"]
        elsewhere = (data / "postgres").readlink()
    finally:
        server.remove()
    assert not elsewhere.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps the data behind a link")
def test_data_that_is_gone_from_behind_its_link_is_an_error_and_not_an_empty_database(open_folder: Path) -> None:
    (open_folder / "postgres").symlink_to("/var/lib/vbs/data-that-is-gone")
    with pytest.raises(StartFailed, match="is gone"):
        EmbeddedPostgres(open_folder).start()


def test_valkey_keeps_its_messages_when_it_is_killed(open_folder: Path) -> None:
    server = EmbeddedValkey(open_folder)
    with redis.Redis.from_url(server.start()) as client:
        client.rpush("queue", "message")
        # Written to the append-only file once a second.
        client.waitaof(1, 0, 3000)
    kill_hard(server, open_folder / "valkey")
    server = EmbeddedValkey(open_folder)
    try:
        with redis.Redis.from_url(server.start()) as client:
            assert client.lrange("queue", 0, -1) == [b"message"]
    finally:
        server.stop()


def test_valkey_takes_another_port_when_somebody_has_its_own(open_folder: Path) -> None:
    server = EmbeddedValkey(open_folder)
    first = server.start()
    server.stop()
    port = int(first.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        try:
            assert server.start() != first
        finally:
            server.stop()


def test_valkey_answers_nobody_without_its_password(open_folder: Path) -> None:
    server = EmbeddedValkey(open_folder)
    url = server.start()
    try:
        with (
            redis.Redis.from_url(f"redis://{url.partition('@')[2]}") as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()
        assert (open_folder / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
    finally:
        server.stop()


def test_servers_end_with_the_process_that_started_them(open_folder: Path) -> None:
    program = """
        import sys, time
        from pathlib import Path
        from cli.embedded import EmbeddedPostgres, EmbeddedValkey
        folder = Path(sys.argv[1])
        servers = [EmbeddedPostgres(folder), EmbeddedValkey(folder)]
        for server in servers:
            server.start()
        print("up", flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(open_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        servers = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
    assert len(servers) == 2
    assert wait_until(lambda: not any(server.is_running() for server in servers), 10)
