"""170,000 requests through the whole system on the stub engine, beside the bare limit of the same run."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import bare_limit, client, leases, workload
from benchmarks.asked import Asked
from benchmarks.figure import Figure
from benchmarks.system import NOT_OURS, Polling, watched_memory
from cli.embedded import EmbeddedPostgres
from tests.system import System, started

SIZES = (50_000, 50_000, 50_000, 20_000)
LEASED_REQUESTS = 30_000
UPLOAD_BYTES = 200 * 1024**2
MOST_MEMORY_MB = 300.0


def figures(asked: Asked) -> list[Figure]:
    with TemporaryDirectory(prefix="vbs-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = [workload.write_file(folder / f"{n}.jsonl", asked.scaled(size)) for n, size in enumerate(SIZES)]
        bare, lost = _bare(folder, files, asked.scaled(LEASED_REQUESTS))
        options = ("--engine=stub", f"--model={workload.MODEL}={workload.MODEL}")
        with started(folder / "data", *options) as system, watched_memory(system) as peaks:
            upload = _upload_growth(system, folder, peaks)
            first = _first_request(system, files[0])
            whole, polled = _whole(system, files)
        return [
            Figure("170,000 requests, upload to last output line", whole, 4 * bare, "s", f"bare limit {bare:.1f} s"),
            Figure("the same, as a ratio to the bare limit", whole / bare, 4.0, "x"),
            Figure("first answer of a 50,000-line batch after create", first, 3.0, "s"),
            Figure(
                "polling p99 while it runs",
                1000 * polled[int(len(polled) * 0.99)],
                50.0,
                "ms",
                f"median {1000 * polled[len(polled) // 2]:.1f} ms, {len(polled)} polls",
            ),
            Figure(
                "throughput lost to leases and to saving once a second",
                100 * lost.median,
                3.0,
                "%",
                f"half of {leases.ROUNDS} rounds: {100 * lost.low:.1f} to {100 * lost.high:.1f}",
            ),
            Figure("API growth during a 200 MB upload", upload / 1024**2, 64.0, "MB"),
            *(
                Figure(f"peak memory: {name}", size / 1024**2, None if name in NOT_OURS else MOST_MEMORY_MB, "MB")
                for name, size in sorted(peaks.items())
            ),
        ]


def _bare(folder: Path, files: list[Path], leased_requests: int) -> tuple[float, leases.Lost]:
    """What a database alone, without a system around it, has to be measured with."""
    server = EmbeddedPostgres(folder / "bare")
    try:
        url = server.start()
        bare = bare_limit.seconds_for(files, url, folder / "bare.jsonl")
        return bare, leases.share_lost(url, folder / "leases", leased_requests)
    finally:
        server.remove()


def _upload_growth(system: System, folder: Path, peaks: dict[str, int]) -> float:
    content = folder / "large.jsonl"
    line = workload.line(0)
    with content.open("wb") as stream:
        for _ in range(UPLOAD_BYTES // len(line)):
            stream.write(line)
    with system.http() as http:
        for _ in range(20):
            http.get("/v1/batches").raise_for_status()
        time.sleep(0.5)
        before = peaks["api"]
        file_id = client.upload(http, content)
        time.sleep(0.5)
        http.delete(f"/v1/files/{file_id}").raise_for_status()
    content.unlink()
    return peaks["api"] - before


def _first_request(system: System, file: Path) -> float:
    """Until its first answer is saved, which is later than until it is at the engine."""
    with system.http() as http:
        file_id = client.upload(http, file)
        began = time.perf_counter()
        batch_id = client.create(http, file_id)
        while not client.retrieve(http, batch_id)["request_counts"]["completed"]:
            time.sleep(0.02)
        took = time.perf_counter() - began
        client.wait(http, batch_id)
    return took


def _whole(system: System, files: list[Path]) -> tuple[float, list[float]]:
    with system.http() as http:
        began = time.perf_counter()
        batch_ids = [client.create(http, client.upload(http, file)) for file in files[:1]]
        polling = Polling(system, batch_ids[0])
        batch_ids += [client.create(http, client.upload(http, file)) for file in files[1:]]
        lines = sum(client.count_lines(http, client.wait(http, batch_id)["output_file_id"]) for batch_id in batch_ids)
        took = time.perf_counter() - began
    wanted = sum(file.read_bytes().count(b"\n") for file in files)
    assert lines == wanted, f"{lines} lines came back of {wanted}"
    return took, polling.end()
