import socket
from pathlib import Path

from click.testing import CliRunner

from cli.embedded import free_port
from cli.main import vbs


def test_the_ports_that_are_asked_for_are_looked_at(tmp_path: Path) -> None:
    free = free_port()
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        words = ["--port", str(taken), "--ui-port", str(free), "--flower-port", "0", "--data", str(tmp_path)]
        said = CliRunner().invoke(vbs, ["doctor", *words]).output
    assert f"Port {taken} for api is taken" in said and "vbs up --port PORT" in said
    assert f"Port {free} for ui is free" in said
    assert "Any free port for flower" in said


def test_the_space_is_that_of_the_folder_above_a_data_folder_that_is_not_made_yet(tmp_path: Path) -> None:
    said = CliRunner().invoke(vbs, ["doctor", "--data", str(tmp_path / "not" / "yet")]).output
    assert f"GiB free at {tmp_path}" in said.replace("\n", "")
    assert not (tmp_path / "not").exists()
