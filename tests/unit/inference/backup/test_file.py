import gzip
import os
from pathlib import Path

import pytest

from inference.backup.file import reading, writing
from schemas.errors import ArchiveInvalid, BackupFailed
from tests.full_disk import full_disk


def test_a_backup_appears_when_it_is_whole_and_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    with writing(path) as stream:
        stream.write(b"half")
        assert not path.exists()
    assert path.read_bytes() == b"half"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_one_that_fails_leaves_the_older_one_and_nothing_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    path.write_bytes(b"of yesterday")
    with pytest.raises(ZeroDivisionError), writing(path) as stream:
        stream.write(b"half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"of yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_what_one_that_was_killed_has_left_is_written_over(tmp_path: Path) -> None:
    left = tmp_path / "b.tar.partial"
    left.write_bytes(b"much more than is written now")
    left.chmod(0o644)
    with writing(tmp_path / "b.tar") as stream:
        stream.write(b"new")
    assert (tmp_path / "b.tar").read_bytes() == b"new"
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600
    assert not left.exists()


def test_two_do_not_write_one_file(tmp_path: Path) -> None:
    with writing(tmp_path / "b.tar") as stream:
        stream.write(b"first")
        with pytest.raises(BackupFailed, match="Another backup is being written"), writing(tmp_path / "b.tar"):
            pass
    assert (tmp_path / "b.tar").read_bytes() == b"first"


def test_a_name_in_gz_compresses_and_reading_needs_no_name(tmp_path: Path) -> None:
    with writing(tmp_path / "b.tar.gz") as stream:
        stream.write(b"text " * 1000)
    assert gzip.decompress((tmp_path / "b.tar.gz").read_bytes()) == b"text " * 1000
    renamed = (tmp_path / "b.tar.gz").rename(tmp_path / "renamed")
    with reading(renamed) as content:
        assert content.read() == b"text " * 1000


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    with full_disk(100_000), pytest.raises(BackupFailed, match="can't be written"):
        write(tmp_path / name, size=10_000_000)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="No such file or directory"):
        write(tmp_path / "missing" / "b.tar")


def test_a_backup_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveInvalid, match="No such file or directory"), reading(tmp_path / "b.tar"):
        pass


def write(path: Path, size: int = 1) -> None:
    with writing(path) as stream:
        for _ in range(0, size, 65_536):
            stream.write(os.urandom(65_536))
