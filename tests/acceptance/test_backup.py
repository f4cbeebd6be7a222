"""A system that is backed up while it works, and goes on in another place."""

import subprocess
import sys
from pathlib import Path

from cli.server_user import HOME
from tests.acceptance.batches import lines_of, request, submit, wait
from tests.backups import manifest_of
from tests.system import started

ROOT = Path(__file__).parents[2]
TOTAL = 600
ENGINE = ("--engine=stub", "--model=tiny=tiny", "--engine-arg=concurrency=10")
# Slow enough for a backup, on a busy machine, to be taken while it works.
SLOW_ENGINE = (*ENGINE, "--engine-arg=latency_ms=500")


def vbs(*words: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "cli", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


def test_a_batch_that_runs_while_a_backup_is_taken_finishes_where_it_is_restored(server_dir: Path) -> None:
    old, new, archive = server_dir / "old", server_dir / "new", server_dir / "b.tar.gz"
    with started(old, *SLOW_ENGINE, f"--engine-arg=journal={server_dir / 'old-journal'}") as system:
        client = system.client()
        ended = wait(client, submit(client, [request(n) for n in range(20)]))
        running = submit(client, [request(n) for n in range(TOTAL)])
        wait(client, running, lambda batch: batch.request_counts.completed > TOTAL / 4)
        assert vbs("backup", str(archive), "--data", str(old)) == (0, "")
        assert client.batches.retrieve(running.id).status == "in_progress"
        files = {id: client.files.content(id).content for id in (ended.input_file_id, ended.output_file_id)}

    assert vbs("backup", str(server_dir / "stopped.tar"), "--data", str(old)) == (0, "")
    assert vbs("restore", "--check", str(server_dir / "stopped.tar")) == (0, "")

    assert vbs("restore", str(archive), "--data", str(new)) == (0, "")
    finished_before = manifest_of(archive).entries["tables/results"].lines - 20
    assert TOTAL / 4 < finished_before < TOTAL
    with started(new, *ENGINE, f"--engine-arg=journal={server_dir / 'new-journal'}") as moved:
        assert moved.key == system.key
        client = moved.client()
        batch = wait(client, running)
        assert (batch.status, batch.request_counts.completed) == ("completed", TOTAL)
        answered = [line["custom_id"] for line in lines_of(client, batch.output_file_id)]
        assert sorted(answered) == sorted(request(n)["custom_id"] for n in range(TOTAL))
        assert {id: client.files.content(id).content for id in files} == files
    asked_again = (server_dir / "new-journal").read_bytes().count(b"\n")
    assert asked_again == TOTAL - finished_before


def test_a_restore_that_fails_leaves_neither_a_folder_nor_a_database(server_dir: Path, tmp_path: Path) -> None:
    # As root, PostgreSQL's data lies apart when the folder is closed to others, as pytest's are.
    old, new, archive = server_dir / "whole", tmp_path / "half", server_dir / "half.tar"
    assert vbs("key", "create", "--name", "n", "--data", str(old))[0] == 0
    assert vbs("backup", str(archive), "--data", str(old)) == (0, "")
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    before = set(HOME.glob("*"))
    code, said = vbs("restore", str(archive), "--data", str(new))
    assert (code, said) == (1, "Error: The backup is not whole: its end is missing.\n")
    assert not new.exists()
    assert set(HOME.glob("*")) == before
