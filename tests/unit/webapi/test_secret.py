from multiprocessing import get_context
from pathlib import Path

from webapi.ui.secret import cookie_name, session_key


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        keys = pool.map(session_key, [tmp_path / "data"] * 16)
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32


def test_nobody_else_can_read_the_key_and_no_draft_stays(tmp_path: Path) -> None:
    key = session_key(tmp_path)
    (only,) = tmp_path.iterdir()
    assert only.stat().st_mode & 0o777 == 0o600
    assert only.read_bytes() == key == session_key(tmp_path)


def test_two_installations_on_one_host_do_not_share_a_cookie(tmp_path: Path) -> None:
    assert cookie_name(session_key(tmp_path / "a")) != cookie_name(session_key(tmp_path / "b"))
