"""A loop with a barrier after each chunk: what a simple batch system does, written down as a rival.

Each worker takes the next chunk of the file, hands all of it to its engine and waits until its slowest answer is there.
Only then does it take another chunk. Near the end of a chunk most of the engine stands idle.

The loop has every advantage there is: no HTTP, no database, nothing is saved, no worker waits for another one.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping

import orjson

from benchmarks.sides import Timed
from benchmarks.workload import ENDPOINT, MODEL, Line, Lines
from inference.engines.stub import StubEngine


class ChunkBarrier:
    def __init__(self, workers: int, chunk_size: int, engine_args: Mapping[str, str]) -> None:
        self._workers = workers
        self._chunk_size = chunk_size
        self._engine_args = engine_args

    def run(self, lines: Lines) -> Timed:
        return asyncio.run(self._run(lines))

    async def _run(self, lines: Lines) -> Timed:
        chunks = _cut(lines, self._chunk_size)
        answers: dict[str, str] = {}
        engines = [StubEngine(self._engine_args) for _ in range(self._workers)]
        for engine in engines:
            await engine.load(MODEL, MODEL)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as workers:
            for engine in engines:
                workers.create_task(_work(engine, chunks, answers))
        seconds = time.perf_counter() - began
        return Timed(seconds, answers, seconds)


def _cut(lines: Lines, size: int) -> Iterator[Lines]:
    return (lines[start : start + size] for start in range(0, len(lines), size))


async def _work(engine: StubEngine, chunks: Iterator[Lines], answers: dict[str, str]) -> None:
    for chunk in chunks:
        answers.update(await asyncio.gather(*(_answer(engine, line) for line in chunk)))


async def _answer(engine: StubEngine, line: Line) -> tuple[str, str]:
    answer = await engine.answer(ENDPOINT, orjson.dumps(line["body"]))
    text: str = orjson.loads(answer.body)["choices"][0]["message"]["content"]
    return line["custom_id"], text
