from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from webapi.ui.secret import cookie_name, session_key

STARTERS = 8


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    together = Barrier(STARTERS)

    def start(_: int) -> bytes:
        together.wait()
        return session_key(tmp_path / "data")

    with ThreadPoolExecutor(STARTERS) as starters:
        keys = set(starters.map(start, range(STARTERS)))
    assert [len(key) for key in keys] == [32]


def test_nobody_else_can_read_the_key_and_no_draft_stays(tmp_path: Path) -> None:
    key = session_key(tmp_path)
    (only,) = tmp_path.iterdir()
    assert only.stat().st_mode & 0o777 == 0o600
    assert only.read_bytes() == key == session_key(tmp_path)


def test_two_installations_on_one_host_do_not_share_a_cookie(tmp_path: Path) -> None:
    assert cookie_name(session_key(tmp_path / "a")) != cookie_name(session_key(tmp_path / "b"))
