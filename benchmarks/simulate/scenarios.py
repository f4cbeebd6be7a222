"""What arrives. The same seed gives the same jobs, whatever chooses among them."""

import random
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID
from zlib import crc32

from benchmarks.simulate.jobs import PERIOD_SECONDS, Job, Scenario

TOKENS_PER_SECOND = 2000.0
TOKENS_EACH = 1000
LOAD_SECONDS = 60.0
DAY_SECONDS = 86_400.0
SMALL = (20, 400)


class Maker:
    """Makes small jobs of some hundred requests, and a few large ones that are together so many times the work."""

    def __init__(self, jobs: int, workers: int, seed: int, *, large_share: float, times_the_work: float) -> None:
        self.workers = workers
        self.chance = random.Random(seed)
        self.jobs: list[Job] = []
        self.large = max(round(jobs * large_share), 3)
        self.small = max(jobs - self.large, 1)
        small_work = self.small * sum(SMALL) / 2
        self.large_size = round(small_work * times_the_work / self.large)
        # All of it, at full speed.
        self.lasts = self.seconds_for(small_work * (1 + times_the_work))

    def seconds_for(self, requests: float) -> float:
        return requests * TOKENS_EACH / TOKENS_PER_SECOND / self.workers

    def add(self, key: str, arrives: float, *, large: bool, weight: float = 1.0, model: str = "a",
            window: float = DAY_SECONDS, beginnings: tuple[bytes, ...] = (b"",)) -> None:  # fmt: skip
        requests = self.large_size if large else self.chance.randint(*SMALL)
        really = TOKENS_EACH * self.chance.lognormvariate(0, 0.2)
        self.jobs.append(
            Job(
                UUID(int=0),
                key,
                weight,
                model,
                arrives,
                arrives + window,
                requests,
                TOKENS_EACH,
                really,
                beginnings,
                large,
            )
        )

    def finish(self, name: str, models: str = "a") -> Scenario:
        self.jobs.sort(key=lambda job: job.arrives)
        for number, job in enumerate(self.jobs):
            job.id = UUID(int=number)
            job.cut(self.workers)
        return Scenario(name, self.jobs, self.workers, TOKENS_PER_SECOND, dict.fromkeys(models, LOAD_SECONDS))


def flood(jobs: int, workers: int, seed: int) -> Scenario:
    """One key sends three times the work of twenty others, early on and in large batches."""
    make = Maker(jobs, workers, seed, large_share=0.05, times_the_work=3)
    for _ in range(make.large):
        make.add("flood", make.chance.uniform(0, make.lasts / 4), large=True)
    for _ in range(make.small):
        make.add(f"key {make.chance.randrange(20)}", make.chance.uniform(0, make.lasts * 0.8), large=False)
    return make.finish("a flood by one key")


def models(jobs: int, workers: int, seed: int) -> Scenario:
    """Six keys, each with large and small batches for three models that take a minute to load."""
    make = Maker(jobs, workers, seed, large_share=0.05, times_the_work=2)
    for number in range(make.small + make.large):
        make.add(
            f"key {make.chance.randrange(6)}",
            make.chance.uniform(0, make.lasts * 0.8),
            large=number < make.large,
            model=make.chance.choice("aabc"),
        )
    return make.finish("three models", "abc")


def weights(jobs: int, workers: int, seed: int) -> Scenario:
    """Three keys with the shares 1, 2 and 4, and as much work each."""
    make = Maker(jobs, workers, seed, large_share=0.1, times_the_work=3)
    for number in range(make.small + make.large):
        weight = (1.0, 2.0, 4.0)[number % 3]
        arrives = make.chance.uniform(0, make.lasts / 20)
        make.add(f"weight {weight:g}", arrives, weight=weight, large=number < make.large)
    return make.finish("weights 1:2:4")


def deadlines(jobs: int, workers: int, seed: int) -> Scenario:
    """Nine tenths of what the workers can do, for two models, in batches that are due within minutes or hours."""
    make = Maker(jobs, workers, seed, large_share=0.05, times_the_work=2)
    for number in range(make.small + make.large):
        large = number < make.large
        needs = make.seconds_for(make.large_size) if large else 0.0
        make.add(
            f"key {make.chance.randrange(6)}",
            make.chance.uniform(0, make.lasts / 0.9),
            large=large,
            window=max(600.0, needs * 3) * make.chance.uniform(1, 6),
            model=make.chance.choice("ab"),
        )
    return make.finish("tight deadlines", "ab")


def overload(jobs: int, workers: int, seed: int) -> Scenario:
    """Twice what can be done, all due within half an hour, and half of it from one key. A fifth in size."""
    make = Maker(jobs // 5, max(workers // 5, 1), seed, large_share=0.05, times_the_work=2)
    for number in range(make.small + make.large):
        make.add(
            f"key {make.chance.choice((0, 0, 0, 0, 1, 2, 3, 4))}",
            make.chance.uniform(0, make.lasts / 2),
            large=number < make.large,
            window=make.chance.uniform(600, 1800),
        )
    return make.finish("too much for the deadlines")


def due_together(jobs: int, workers: int, seed: int) -> Scenario:
    """Four fifths of what can be done by a certain hour is due then, beside as much that is not. A fifth in size."""
    make = Maker(jobs // 5, max(workers // 5, 1), seed, large_share=0.1, times_the_work=2)
    due = make.lasts / 2 / 0.8
    for number in range(make.small + make.large):
        arrives = make.chance.uniform(0, due / 10)
        if number % 2:
            make.add("due", arrives, large=number < make.large, window=due - arrives)
        else:
            make.add("not due", arrives, large=number < make.large)
    return make.finish("due together")


def prefixes(jobs: int, workers: int, seed: int) -> Scenario:
    """Two keys whose batches share eight long beginnings each."""
    make = Maker(jobs, workers, seed, large_share=0.1, times_the_work=2)
    for number in range(make.small + make.large):
        large = number < make.large
        key = make.chance.choice("xy")
        wanted = make.chance.sample(range(8), 6 if large else 1)
        make.add(
            f"key {key}",
            make.chance.uniform(0, make.lasts / 1.2),
            large=large,
            beginnings=tuple(sorted(_beginning(f"{key}{each}") for each in wanted)),
        )
    return make.finish("shared prefixes")


def _beginning(name: str) -> bytes:
    """As the planner gives it, for a prompt of three lengths."""
    return b"".join(crc32(f"{name}{level}".encode()).to_bytes(4) for level in range(3))


def other_model(jobs: int, workers: int, seed: int) -> Scenario:
    """Four keys keep a single worker busy with one model, and a fifth now and then has a little for another."""
    make = Maker(min(jobs, 100), 1, seed, large_share=0.5, times_the_work=9)
    for number in range(make.large):
        make.add(f"key {number % 4}", make.chance.uniform(0, make.lasts / 10), large=True)
    for _ in range(make.small):
        make.add("another", make.chance.uniform(0, make.lasts * 0.9), large=False, model="b")
    return replace(make.finish("another model behind a queue", "ab"), period_seconds=4 * PERIOD_SECONDS)


def one_worker(jobs: int, workers: int, seed: int) -> Scenario:
    """The three models on a single worker, with as many jobs as it can do in a day or so."""
    made = models(min(jobs, 200), 1, seed)
    return replace(made, name="one worker", period_seconds=4 * PERIOD_SECONDS)


SCENARIOS: dict[str, Callable[[int, int, int], Scenario]] = {
    "flood": flood,
    "models": models,
    "weights": weights,
    "deadlines": deadlines,
    "overload": overload,
    "due-together": due_together,
    "prefixes": prefixes,
    "one-worker": one_worker,
    "other-model": other_model,
}
