from pathlib import Path

import pytest

from cli.embedded import free_port
from cli.instance import Instance
from cli.process_table import Addresses
from cli.system import Wanted, check_ports
from schemas.errors import StartFailed
from schemas.settings import settings


def test_one_port_wanted_twice_is_told_before_anything_starts() -> None:
    port = free_port()
    with pytest.raises(StartFailed, match=f"Port {port} is taken; choose another with --ui-port"):
        check_ports(Wanted(settings(), Addresses("127.0.0.1", port, port, free_port())))


def test_what_is_left_out_needs_no_port() -> None:
    port = free_port()
    check_ports(Wanted(settings(), Addresses("127.0.0.1", port, port, free_port()), without=frozenset({"ui"})))


def test_a_data_folder_that_cannot_be_made_is_told_with_its_remedy(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StartFailed, match="--data"), Instance(file / "data").hold():
        pass
